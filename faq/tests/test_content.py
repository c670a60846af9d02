from __future__ import annotations

from dataclasses import replace

from faq.content import Clash, Content, Difference, KnowledgeBase, Rule, clashes, compare


def faq(slug, question="Where is it?", *, answer="Here.", alternates=()):
    return Content(slug, question, answer, alternates=tuple(alternates))


def test_phrasings_are_the_question_and_its_alternates_each_once():
    content = faq("a", "Where is it?", alternates=["Is it here?", "Where is it?"])

    assert content.phrasings == ("Where is it?", "Is it here?")


def test_one_phrasing_of_two_faqs_is_a_clash_whatever_its_capitals():
    matches = clashes([faq("a", "Where is it?"), faq("b", "How?", alternates=["where IS it"])])

    assert matches == [Clash("where IS it", ("a", "b"))]
    assert str(matches[0]) == "'where IS it' is a phrasing of both a and b"


def test_phrasings_of_one_faq_may_repeat_each_other():
    assert clashes([faq("a", "Where is it?", alternates=["where is it"])]) == []


def test_compare_says_what_must_change():
    stored = {"a": faq("a"), "b": faq("b"), "c": faq("c")}
    expected = {"b": faq("b"), "c": faq("c", answer="There."), "d": faq("d")}

    difference = compare(expected, stored)

    assert difference == Difference(added=("d",), changed=("c",), gone=("a",), same=("b",))
    assert difference
    assert not compare(stored, stored)


def test_the_fingerprint_covers_every_text_rule_and_embedder_but_not_the_order():
    def mark(*faqs, embedder="m@1", rules=None):
        base = KnowledgeBase({faq.slug: faq for faq in faqs}, rules or {})
        return base.fingerprint(embedder=embedder)

    one, other = faq("a"), faq("b")
    first = mark(one, other)

    assert first == mark(other, one)
    assert first != mark(one, other, embedder="m@2")
    assert first != mark(one, faq("b", answer="There."))
    assert first != mark(one, faq("b", alternates=["So?"]))
    assert first != mark(one, replace(other, threshold=0.8))
    assert first != mark(one, other, rules={"x": Rule(threshold=0.8)})
