// Package doctor carries out one examination, or one explanation, from end to
// end: it finds the gateway, asks the world through a recorder, turns answers
// into items, and lets infer rank the causes. It also loads and repeats captured
// cases.
package doctor
