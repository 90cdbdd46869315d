package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/fairlead/fairlead/e2e/stack"
)

// folder of the images in the demo's registry.
const folder = "web-hook"

// pushCommand pushes a tag to the registry of a demo that runs in another terminal.
func pushCommand(ctx context.Context, out *printer, args []string) error {
	flags := flag.NewFlagSet("push", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	address := flags.String("registry", "", "URL of the registry, with the credentials, as the demo prints it")
	if err := flags.Parse(args); err != nil {
		return usageError(err.Error())
	}
	registry, err := url.Parse(*address)
	if err != nil || registry.Host == "" || registry.User == nil {
		return usageError("push needs -registry with the URL that the demo printed")
	}
	if flags.NArg() != 1 {
		return usageError("push needs one NAME:TAG, such as www:v1.0.37")
	}
	service, tag, ok := strings.Cut(flags.Arg(0), ":")
	if !ok || tag == "" {
		return usageError(fmt.Sprintf("%q is no NAME:TAG, such as www:v1.0.37", flags.Arg(0)))
	}
	password, _ := registry.User.Password()
	pushed, err := stack.Push(ctx, registry.Host+"/"+folder+"/"+service+":"+tag, registry.User.Username(), password)
	if err != nil {
		return withoutSecret(err, password)
	}
	out.printf("pushed %s %s\n", pushed.Image, short(pushed.Digest))
	return nil
}

// withoutSecret keeps the password out of a message, whoever put it there.
func withoutSecret(err error, secret string) error {
	if secret == "" || !strings.Contains(err.Error(), secret) {
		return err
	}
	return errors.New(strings.ReplaceAll(err.Error(), secret, "***"))
}

// short is the beginning of a digest or a revision, as people quote it.
func short(id string) string {
	const length = 12
	algorithm, hash, ok := strings.Cut(id, ":")
	if !ok {
		return id[:min(length, len(id))]
	}
	return algorithm + ":" + hash[:min(length, len(hash))] + "…"
}
