"""Push a folder into the cloud: the reference client of the API, and the way in for an old phone's files.

    walk ─▶ families ─▶ hash ─▶ which are missing? ─▶ begin ─▶ send ─▶ wait until each is `uploaded`

Pure: unwanted, kinds, families, sidecars, plan, replies, answers. The others do what those decide.
"""
