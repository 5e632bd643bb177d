"""What must stand in a text, and in which order."""



def positions(text, *needles):
    """Where each needle stands in text; each must be there."""
    found = []
    for needle in needles:
        assert needle in text, f"no {needle!r} in:\n{text}"
        found.append(text.index(needle))
    return found


def assert_order(text, *needles):
    """Each needle is in text, and they come in this order."""
    found = positions(text, *needles)
    assert found == sorted(found), f"not in this order: {needles}\n{text}"
