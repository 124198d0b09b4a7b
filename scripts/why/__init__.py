"""Why: docs/why-limit.md claims nothing that was not measured, so its figures, pictures and sentences come from here.

`costs`, `talk`, `slow`, `files` and `waits` measure and return plain data, which is kept; `drawing` makes pictures of
it and `words` the passages of the text, without measuring again. `servers` starts and ends what is measured.
"""
