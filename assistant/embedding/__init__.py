"""Turn texts into unit vectors: implementations of ``interfaces.Embedder``.

``local`` chooses the backend of a model on this machine, ``onnx_runtime`` is the fast one,
``reference`` is sentence-transformers, ``conversion`` exports a model and checks it against the
reference, ``quantisation`` converts the export to int8, ``remote`` calls an embeddings server.
``model_catalog`` lists models that ``install`` downloads; ``multilingual`` is the one for other
languages. ``vector_cache`` keeps the vectors of recent texts.
"""
