package check

import "golang.org/x/sync/errgroup"

// atOnce is how many questions are under way at a time.
const atOnce = 8

// parallel asks one question of each, some at a time, and returns the answers in the order of the questions.
func parallel[Q, A any](questions []Q, ask func(Q) A) []A {
	answers := make([]A, len(questions))
	var group errgroup.Group
	group.SetLimit(atOnce)
	for i := range questions {
		group.Go(func() error {
			answers[i] = ask(questions[i])
			return nil
		})
	}
	_ = group.Wait() // No question has an error: it is part of the answer.
	return answers
}
