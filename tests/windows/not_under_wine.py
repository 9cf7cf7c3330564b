"""Tests that pass or fail under Wine for Wine's own reasons, each with what Wine does otherwise than Windows.

They run on Linux and macOS; on Windows itself nobody has run them.
"""

REASONS = {
    "test_a_link_that_leads_outside_is_not_followed": "Wine makes no symbolic links that Python can see through",
}
