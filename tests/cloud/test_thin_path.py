"""One file's whole way, from the phone to the receipt."""

from tests.builders import Account

PHOTO = b"the bytes of a photo"


def test_a_file_comes_home(account: Account) -> None:
    phone, pc = account.phone(), account.pc()

    file_id = phone.bring(PHOTO)
    assert phone.see(file_id).status == "uploaded"
    (notice,) = pc.heard()
    assert pc.owed() == [notice]
    assert pc.receipt(notice) == [("taken", None)]

    assert phone.see(file_id).status == "downloaded"
    assert phone.see(file_id).home == {pc.device_id: account.world.now_text()}
    assert pc.owed() == []
    assert account.usage() == {"downloadedFiles": 1, "downloadedBytes": len(PHOTO)}
