//go:build !linux

package life

func reloading() string { return "RELOADING=1" }
