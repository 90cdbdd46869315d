package gitwriter

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// sshReuse bounds the time that a connection which was open before may take to begin a command. Whatever is in between may
// have forgotten it without a word.
const sshReuse = 10 * time.Second

var errSSHRefused = errors.New("the server doesn't run the command")

// sshWire runs Git's services as commands on an SSH server, at most one at a time.
type sshWire struct {
	connection *sshConnection
	path       string

	// ran counts the commands.
	ran *int
	// open is the command that runs, and its greeting is read.
	open *sshCommand
}

func (w *sshWire) hangUp() {
	if w.open != nil {
		w.open.end()
		w.open = nil
	}
}

func (w *sshWire) greet(ctx context.Context, op, service string, read func(io.Reader) error) (string, error) {
	w.hangUp()
	return "", w.start(ctx, op, service, read)
}

// start runs a service and reads its greeting.
func (w *sshWire) start(ctx context.Context, op, service string, read func(io.Reader) error) error {
	command, err := w.run(ctx, service)
	if err != nil {
		return err
	}
	*w.ran++
	if err := command.exchange(ctx, nil, maxSmallAnswer, read); err != nil {
		err = w.explain(ctx, op, command, err)
		command.abort(err)
		return err
	}
	w.open = command
	return nil
}

// run starts a command on the connection that is open, or on a new one if that is dead.
func (w *sshWire) run(ctx context.Context, service string) (*sshCommand, error) {
	for {
		client, reused, err := w.connection.client(ctx)
		if err != nil {
			return nil, err
		}
		command, err := startCommand(ctx, client, reused, service, w.path)
		if err == nil {
			return command, nil
		}
		client.release()
		w.connection.abandon(client)
		if !reused || ctx.Err() != nil {
			return nil, err
		}
	}
}

func (w *sshWire) call(ctx context.Context, c call, read func(io.Reader) error) error {
	if w.open == nil || w.open.service != c.service {
		w.hangUp()
		if err := w.start(ctx, c.op, c.service, skipGreeting); err != nil {
			return err
		}
	}
	command := w.open
	if err := command.exchange(ctx, c.body, c.limit, read); err != nil {
		w.open = nil
		err = w.explain(ctx, c.op, command, err)
		command.abort(err)
		return err
	}
	if c.last {
		w.open = nil
		command.finish()
	}
	return nil
}

// skipGreeting reads over what is known already.
func skipGreeting(r io.Reader) error {
	packets := newPacketReader(r)
	for {
		if _, more, err := packets.line(); err != nil || !more {
			return err
		}
	}
}

// explain finds the reason of a command's early end in what it wrote for people.
func (w *sshWire) explain(ctx context.Context, op string, command *sshCommand, err error) error {
	if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) || ctx.Err() != nil {
		return err
	}
	words := command.words(ctx)
	if words == "" {
		return err
	}
	e := &Error{Op: op, Host: w.connection.address, Reason: refusalOf(words, ReasonUnavailable), Err: err}
	switch e.Reason {
	case ReasonRepositoryMissing:
		e.Message = "no such repository, or none that this key may see: check the url"
	case ReasonForbidden:
		e.Message = "the key may not do this: give it the right to read and write the repository"
	default:
		e.Message = "the server ended " + command.service
	}
	e.Message += "; the server said: " + words
	return e
}

// sshCommand is a command that runs on the server.
type sshCommand struct {
	service string
	client  *sshClient
	channel ssh.Channel
	output  *io.PipeReader
	// ended is closed when the server said that the command is over, or the connection is.
	ended chan struct{}
	once  sync.Once

	mu   sync.Mutex
	said strings.Builder
}

// startCommand runs a service on an open connection.
func startCommand(ctx context.Context, client *sshClient, reused bool, service, path string) (*sshCommand, error) {
	if reused {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, sshReuse)
		defer cancel()
	}
	type started struct {
		command *sshCommand
		err     error
	}
	result := make(chan started, 1)
	go func() { // None of this knows a context.
		command, err := openCommand(client, service, path)
		result <- started{command, err}
	}()
	select {
	case s := <-result:
		return s.command, s.err
	case <-ctx.Done():
		client.kill() // It is of no use any more, and ends what waits for it.
		return nil, ctx.Err()
	}
}

func openCommand(client *sshClient, service, path string) (*sshCommand, error) {
	channel, requests, err := client.OpenChannel("session", nil)
	if err != nil {
		return nil, err
	}
	// Not every server takes the variable; its greeting shows whether it did.
	variable := ssh.Marshal(struct{ Name, Value string }{"GIT_PROTOCOL", "version=2"})
	if _, err := channel.SendRequest("env", false, variable); err != nil {
		return nil, err
	}
	line := ssh.Marshal(struct{ Command string }{service + " " + shellQuote(path)})
	taken, err := channel.SendRequest("exec", true, line)
	if err == nil && !taken {
		err = errSSHRefused
	}
	if err != nil {
		_ = channel.Close()
		return nil, err
	}
	output, input := io.Pipe()
	c := &sshCommand{service: service, client: client, channel: channel, output: output, ended: make(chan struct{})}
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		c.hear()
	}()
	go func() {
		defer close(c.ended)
		ssh.DiscardRequests(requests)
		<-heard
	}()
	go func() {
		_, err := io.Copy(input, channel)
		_ = input.CloseWithError(err)
	}()
	return c, nil
}

// hear keeps what the command writes for people, and reads away what is more than that.
func (c *sshCommand) hear() {
	buffer := make([]byte, maxServerWords)
	for {
		n, err := c.channel.Stderr().Read(buffer)
		c.mu.Lock()
		if c.said.Len() < 2*maxServerWords {
			c.said.Write(buffer[:n])
		}
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// words is what the command wrote for people, after it is over.
func (c *sshCommand) words(ctx context.Context) string {
	select {
	case <-c.ended:
	case <-ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return oneLine(c.said.String(), maxServerWords)
}

// exchange sends and reads at the same time: a server may answer before it has read all.
func (c *sshCommand) exchange(ctx context.Context, body []byte, limit int64, read func(io.Reader) error) error {
	stop := context.AfterFunc(ctx, func() {
		_ = c.output.CloseWithError(ctx.Err())
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			c.client.kill() // What doesn't answer in time isn't asked again.
		}
	})
	defer stop()
	if len(body) > 0 {
		go func() { _, _ = c.channel.Write(body) }() // If it fails, there is no answer.
	}
	err := read(bounded(c.output, limit))
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// end ends a command that waits for the next request.
func (c *sshCommand) end() {
	go func() {
		_, _ = io.WriteString(c.channel, flushPacket) // Git takes this for a farewell, and an end without it for an accident.
		_ = c.channel.CloseWrite()
		c.finish()
	}()
}

// finish ends a command that is over.
func (c *sshCommand) finish() { c.abort(io.ErrClosedPipe) }

// abort ends a command whatever it does; err is for who still reads from it.
func (c *sshCommand) abort(err error) {
	c.once.Do(func() {
		_ = c.output.CloseWithError(err)
		go func() {
			_ = c.channel.Close()
			c.client.release()
		}()
	})
}

// shellQuote makes a path one word for a shell, as git does: some servers have a real one.
func shellQuote(path string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(path) + "'"
}
