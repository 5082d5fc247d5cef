import pytest

from fairshare.datasets import load_compas
from fairshare.errors import DataError

# ProPublica's header, with its two repeated names; the people below are made up.
HEADER = (
    "id,name,first,last,compas_screening_date,sex,dob,age,age_cat,race,juv_fel_count,decile_score,juv_misd_count,"
    "juv_other_count,priors_count,days_b_screening_arrest,c_jail_in,c_jail_out,c_case_number,c_offense_date,"
    "c_arrest_date,c_days_from_compas,c_charge_degree,c_charge_desc,is_recid,r_case_number,r_charge_degree,"
    "r_days_from_arrest,r_offense_date,r_charge_desc,r_jail_in,r_jail_out,violent_recid,is_violent_recid,"
    "vr_case_number,vr_charge_degree,vr_offense_date,vr_charge_desc,type_of_assessment,decile_score,score_text,"
    "screening_date,v_type_of_assessment,v_decile_score,v_score_text,v_screening_date,in_custody,out_custody,"
    "priors_count,start,end,event,two_year_recid"
)
NAMES = HEADER.split(",")
CANARY = "ada canary"


def row(**changes):
    fields = {
        "id": "1", "name": CANARY, "first": "ada", "last": "canary", "sex": "Female", "dob": "1900-01-02", "age": "40",
        "age_cat": "25 - 45", "race": "Other", "juv_fel_count": "0", "decile_score": "3", "juv_misd_count": "1",
        "juv_other_count": "0", "priors_count": "2", "days_b_screening_arrest": "-1", "c_charge_degree": "M",
        "c_charge_desc": '"A charge, with a comma"', "is_recid": "0", "score_text": "Low", "v_decile_score": "1",
        "v_score_text": "Low", "two_year_recid": "1",
    }  # fmt: skip
    return ",".join((fields | changes).get(name, "") for name in NAMES)


@pytest.fixture
def write(tmp_path):
    def write(*rows, header=HEADER):
        path = tmp_path / "compas-scores-two-years.csv"
        path.write_text("\n".join([header, *rows]) + "\n")
        return path

    return write


def test_identifiers_are_never_in_the_table(write):
    dataset = load_compas(write(row(), row(sex="Male", race="African-American")))
    assert dataset.table.column_names == list(dataset.schema.sizes)
    assert not {"id", "name", "first", "last", "dob", "c_case_number"} & set(dataset.table.column_names)
    assert CANARY not in str(dataset.table.to_pylist())
    assert dataset.table["priors_count"].to_pylist() == [2, 2]
    assert dataset.schema.unreviewed == ()


def test_rows_are_filtered_as_in_the_published_analysis(write):
    rows = [
        row(age="20"),
        row(days_b_screening_arrest="31"),
        row(days_b_screening_arrest="-31"),
        row(days_b_screening_arrest=""),
        row(is_recid="-1"),
        row(c_charge_degree="O"),
        row(score_text="N/A"),
        row(age="30", days_b_screening_arrest="30"),
    ]
    assert load_compas(write(*rows)).table["age"].to_pylist() == [20, 30]


def test_the_schema_encodes_what_is_loaded(write):
    dataset = load_compas(write(row()))
    codes = dataset.schema.encode(dataset.table)
    labels = {name: dataset.schema.labels(name)[codes[name][0]] for name in codes}
    assert (labels["sex"], labels["race"], labels["priors_count"]) == ("Female", "Other", "2")
    assert (labels["two_year_recid"], labels["c_charge_degree"]) == ("1", "M")


def test_another_file_is_refused_by_its_header(write):
    with pytest.raises(DataError, match=r"lacks columns \['sex'.*give ProPublica's compas-scores-two-years.csv"):
        load_compas(write("1,2", header="a,b"))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="can't be read"):
        load_compas(tmp_path / "absent.csv")


def test_a_ragged_row_is_refused_without_being_quoted(write):
    with pytest.raises(DataError, match="not well-formed CSV") as caught:
        load_compas(write(row(), f"2,{CANARY}"))
    assert CANARY not in str(caught.value)


def test_an_unexpected_number_is_refused_without_being_quoted(write):
    with pytest.raises(DataError) as caught:
        load_compas(write(row(days_b_screening_arrest=CANARY)))
    assert CANARY not in str(caught.value)
