"""A column whose bins are still to be bought is encoded on its public grid."""

from fairshare.schema import Integer, Schema


def test_the_grid_is_public():
    column = Integer(name="pay", bounds=(0, 9999), bins={"private_quantiles": 4})
    assert (column.size, column.private_bins) == (1024, 4)
    assert Schema(columns=(column,)).private_bins == {"pay": 4}
