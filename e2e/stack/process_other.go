//go:build !linux

package stack

import "syscall"

// ownGroup keeps the terminal's Ctrl-C away from a child: the stack ends it in order.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
