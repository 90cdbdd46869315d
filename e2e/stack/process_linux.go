package stack

import "syscall"

// ownGroup keeps the terminal's Ctrl-C away from a child (the stack ends it in order) and ends it with the thread that
// started it, so that not even SIGKILL of the test leaves an API server behind.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
