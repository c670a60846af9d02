"""Print how good the decisions on question sets are, and how many survive chatty messages.

Each set is a folder with ``faq.csv``, ``faq_alternates.csv`` and a file of labelled questions.
"""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from assistant.calibration.proportion import Proportion
from assistant.evaluation.evaluate import Result, evaluate
from benchmarks.answer_quality import ablation, table
from benchmarks.answer_quality.chatty import kinds
from benchmarks.answer_quality.release import OfflineRelease, Question, read_questions
from benchmarks.answer_quality.vector_store import VectorStore

MAX_CHATTY = 120
"""Questions of a set that are asked in every chatty way."""


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.answer_quality", description=__doc__)
    parser.add_argument("sets", nargs="+", type=Path, help="folders of question sets")
    parser.add_argument("--alternates", type=int, nargs="+", default=[3, 0])
    parser.add_argument("--questions", default="queries_val.csv", help="the file in each folder")
    parser.add_argument("--vectors", type=Path, default=Path("var/answer_quality/vectors.npz"))
    parser.add_argument(
        "--calibrate-on", help="print a table instead, calibrated on this file in each folder"
    )
    parser.add_argument(
        "--without-rules", action="store_true", help="print a table instead, without each rule"
    )
    options = parser.parse_args()
    store = VectorStore(options.vectors)
    if options.calibrate_on:
        print(table.HEADER)
    columns = {}
    for folder in options.sets:
        questions = read_questions(folder / options.questions)
        for alternates in options.alternates:
            release = OfflineRelease(folder, alternates, store)
            name = f"{folder.name}, {alternates}"
            if options.without_rules:
                columns[name] = ablation.cells(release, questions)
                continue
            if options.calibrate_on:
                labels = read_questions(folder / options.calibrate_on)
                print(table.rows(name, release, labels, questions))
                continue
            print(f"{name} alternates: {report(release, questions)}")
            print(f"  answered as before: {chatty(release, questions)}")
    if options.without_rules:
        print(ablation.table(columns))


def report(release: OfflineRelease, questions: list[Question]) -> str:
    """Proportions with their 95 % intervals."""
    numbers = evaluate(release.decide(questions))
    wrong = numbers.unanswerable_results[Result.WRONG]
    return (
        f"coverage {numbers.coverage}; precision {numbers.precision}; "
        f"out of scope answered {wrong}; helped {numbers.helped}"
    )


def chatty(release: OfflineRelease, questions: list[Question]) -> str:
    """Of the questions answered right, those still answered right when asked in a chatty way."""
    right = [
        question
        for question, evaluated in zip(questions, release.decide(questions), strict=True)
        if evaluated.result is Result.RIGHT
    ][:MAX_CHATTY]
    shares = []
    for name, change in kinds().items():
        changed = release.decide([(change(text), expected) for text, expected in right])
        count = sum(evaluated.result is Result.RIGHT for evaluated in changed)
        shares.append(f"{name} {Proportion(count, len(right))}")
    return "; ".join(shares)


if __name__ == "__main__":
    main()
