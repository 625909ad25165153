//! `_analyze`: the tokens of a text, by an analyzer, a field, or parts named in the request.
