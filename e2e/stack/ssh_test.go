package stack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fairlead/fairlead/e2e/stack"
)

// testSSH clones and pushes with git and OpenSSH's client, with the right known_hosts and the wrong one.
func testSSH(t *testing.T, s *stack.Stack) {
	if _, err := exec.LookPath("ssh"); err != nil {
		t.Skip("no ssh is installed: the scenarios reach the server with the product's own client")
	}
	ctx, dir, v := t.Context(), t.TempDir(), s.Git.SSH
	r, err := s.Git.Init(ctx, "by/ssh.git", stack.WriteFile("a.txt", "one\n"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"key": v.Identity, "known": v.KnownHosts, "wrong": v.WrongKnownHosts} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	git := func(known string, args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
			"GIT_SSH_COMMAND=ssh -F none -i "+dir+"/key -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes -o UserKnownHostsFile="+dir+"/"+known)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	if out, err := git("known", "clone", r.SSHURL(), "clone"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := git("known", "-C", "clone", "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "--allow-empty", "-m", "by ssh"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if out, err := git("known", "-C", "clone", "push", "origin", "main"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if subject, err := r.Log(ctx, "-1", "--format=%s"); err != nil || subject != "by ssh" {
		t.Errorf("the head is %q, %v", subject, err)
	}
	if out, err := git("wrong", "ls-remote", r.SSHURL()); err == nil || !strings.Contains(out, "Host key verification failed") {
		t.Errorf("a host key that isn't known: %v: %s", err, out)
	}
	if out, err := git("known", "ls-remote", "ssh://git@"+v.Address()+"/../../etc"); err == nil || !strings.Contains(out, "isn't served here") {
		t.Errorf("a path that leads out: %v: %s", err, out)
	}
}
