"""The tables of the taxonomies: what is sound, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InvalidInput
from pipeline.vocabulary import (
    Taxonomy,
)
from pipeline.vocabulary.taxonomy import NAMESPACES, build, iri, read_keys, read_parents
from tests.vocabulary.tables import ROOTS, TABLES, rows


def small(text: str) -> Taxonomy:
    return build("small.csv", read_parents("small.csv", f"term,parents\n{text}"), {})


@pytest.mark.parametrize("table", TABLES)
class TestTables:
    def test_sorted_and_without_blemish(self, table: str) -> None:
        terms = [term for term, _ in rows(table)]
        assert terms == sorted(set(terms))
        for term, parents in rows(table):
            assert parents == " ".join(sorted(set(parents.split())))
            assert term not in parents.split()

    def test_every_parent_is_known_and_above(self, table: str) -> None:
        for term, parents in rows(table):
            assert set(parents.split()) <= TABLES[table].ancestors(term)

    def test_one_root_covers_all_and_no_term_is_above_itself(self, table: str) -> None:
        taxonomy = TABLES[table]
        assert [term for term, parents in rows(table) if not parents] == [ROOTS[table]]
        for term in taxonomy.terms:
            assert taxonomy.covers(ROOTS[table], term)
            for above in taxonomy.ancestors(term) - {term}:
                assert term not in taxonomy.ancestors(above)

    def test_ancestors_are_reflexive_and_transitive(self, table: str) -> None:
        taxonomy = TABLES[table]
        for term in taxonomy.terms:
            above = taxonomy.ancestors(term)
            assert term in above
            assert above == frozenset().union(*map(taxonomy.ancestors, above))

    def test_covers_agrees_with_ancestors(self, table: str) -> None:
        taxonomy = TABLES[table]
        for narrow in taxonomy.terms:
            covering = {wide for wide in taxonomy.terms if taxonomy.covers(wide, narrow)}
            assert covering == taxonomy.ancestors(narrow)

    def test_terms_and_their_iris_are_normalised(self, table: str) -> None:
        taxonomy = TABLES[table]
        for term in taxonomy.terms:
            assert taxonomy.normal(term) == term
            assert taxonomy.normal(iri(term)) == term

    def test_other_spellings_are_unknown(self, table: str) -> None:
        taxonomy = TABLES[table]
        for term in taxonomy.terms:
            prefix, _, name = term.partition(":")
            full = NAMESPACES[prefix]
            for word in (name, f":{name}", term.lower(), term.upper(), f" {term}", f"{term} "):
                assert taxonomy.normal(word) is None
            for word in (full + name.lower(), full[:-1] + "/" + name, full.upper() + name, full):
                assert taxonomy.normal(word) is None


class TestRefused:
    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("dpv:A,dpv:B\n", "`small.csv`: `dpv:B`, the parent of `dpv:A`, is no term of it"),
            ("dpv:A,dpv:A\n", "`small.csv`: parents go round in a circle: `dpv:A` < `dpv:A`"),
            ("dpv:A,\ndpv:A,\n", "`small.csv` line 3: `dpv:A` is there twice"),
            ("dpv:A\n", "`small.csv` line 2: 1 columns instead of 2"),
            ("dpv:A,,\n", "`small.csv` line 2: 3 columns instead of 2"),
            ("\n", "`small.csv` line 2: 0 columns instead of 2"),
            ("A,\n", "`small.csv` line 2: `A` does not begin with `dpv:`, `pd:`, `eu-gdpr:`"),
            ("dpv:,\n", "`small.csv` line 2: `dpv:` does not begin with"),
            ("owl:A,\n", "`small.csv` line 2: `owl:A` does not begin with"),
        ],
    )
    def test_a_broken_table(self, text: str, complaint: str) -> None:
        with pytest.raises(InvalidInput) as refusal:
            small(text)
        assert str(refusal.value).startswith(complaint)

    def test_a_circle_names_who_is_in_it(self) -> None:
        with pytest.raises(InvalidInput) as refusal:
            small("dpv:A,dpv:B\ndpv:B,dpv:C\ndpv:C,dpv:A\ndpv:D,\ndpv:E,dpv:A dpv:D\n")
        assert "round in a circle" in str(refusal.value)
        assert all(f"`dpv:{name}`" in str(refusal.value) for name in "ABC")
        assert not any(f"`dpv:{name}`" in str(refusal.value) for name in "DE")

    @pytest.mark.parametrize("text", ["", "term\n", "term,parent\n", "parents,term\n"])
    def test_another_heading(self, text: str) -> None:
        with pytest.raises(InvalidInput, match="line 1: the heading must be `term,parents`"):
            read_parents("small.csv", text)

    @pytest.mark.parametrize(
        ("text", "complaint"),
        [
            ("key,term\n", "line 1: the heading must be `axis,key,term`"),
            ("axis,key,term\npurpose,a,dpv:A\npurpose,a,dpv:B\n", "line 3: `a` is there twice"),
            ("axis,key,term\nplace,a,dpv:A\n", "line 2: `place` is not one of category, purpose"),
        ],
    )
    def test_broken_keys(self, text: str, complaint: str) -> None:
        with pytest.raises(InvalidInput, match=complaint):
            read_keys("keys.csv", text, "purpose")

    def test_a_word_for_no_term_or_that_is_a_term(self) -> None:
        with pytest.raises(InvalidInput, match="`dpv:B`, which `b` stands for, is no term"):
            build("small.csv", {"dpv:A": ()}, {"b": "dpv:B"})
        with pytest.raises(InvalidInput, match="`dpv:A` is a term and cannot stand for `dpv:B`"):
            build("small.csv", {"dpv:A": (), "dpv:B": ()}, {"dpv:A": "dpv:B"})

    @given(
        st.dictionaries(
            st.integers(0, 12), st.frozensets(st.integers(0, 12), max_size=4), max_size=13
        )
    )
    def test_any_table_is_refused_or_sound(self, drawn: dict[int, frozenset[int]]) -> None:
        wider = {
            f"dpv:T{term}": tuple(f"dpv:T{parent}" for parent in sorted(above & drawn.keys()))
            for term, above in drawn.items()
        }
        reach = {term: {term, *above} for term, above in wider.items()}
        for _ in wider:
            reach = {t: set().union(*(reach[above] for above in seen)) for t, seen in reach.items()}
        loops = any(
            term in above or any(term in reach[parent] for parent in above)
            for term, above in wider.items()
        )
        if loops:
            with pytest.raises(InvalidInput, match="circle"):
                build("drawn.csv", wider, {})
        else:
            assert build("drawn.csv", wider, {}).above == reach
