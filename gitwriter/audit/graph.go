package audit

import (
	"bytes"
	"container/heap"
	"context"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/fairlead/fairlead/gitwriter"
)

// node is a commit in a graph.
type node struct {
	id, tree plumbing.Hash
	// when it was committed, in seconds.
	when int64
	// parents are places in the graph.
	parents []int32
	// children is how many commits have it as a parent.
	children int32
	// cut: it has parents that the repository lacks, as that of a shallow clone.
	cut bool
	// claims are what its message says.
	claims []Claim
	// whole: the message is one claim's, as gitwriter words it, and nobody took the commit from elsewhere.
	whole bool
}

// graph is a tip's history, every commit behind its parents; those beside each other in the order of their times.
type graph []node

// checkEvery is after how many commits a context is looked at.
const checkEvery = 256

// loadGraph reads the commits that a tip reaches. shallow are those whose parents are left out.
func loadGraph(ctx context.Context, r reader, tip plumbing.Hash, shallow map[plumbing.Hash]bool) (graph, error) {
	found := map[plumbing.Hash]int32{tip: 0}
	g := graph{{id: tip}}
	for i := 0; i < len(g); i++ {
		if i%checkEvery == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		body, err := r.read(plumbing.CommitObject, g[i].id)
		if err != nil {
			return nil, err
		}
		c, err := parseCommit(g[i].id, body)
		if err != nil {
			return nil, err
		}
		g[i].take(c)
		if shallow[g[i].id] {
			g[i].cut = len(c.parents) > 0
			continue
		}
		for _, parent := range c.parents {
			at, known := found[parent]
			if !known {
				at = int32(len(g)) //nolint:gosec // No memory holds that many commits.
				found[parent] = at
				g = append(g, node{id: parent})
			}
			g[i].parents = append(g[i].parents, at)
			g[at].children++
		}
	}
	return g.sorted(), nil
}

// take notes what is needed of a commit.
func (n *node) take(c *commit) {
	n.tree, n.when = c.tree, c.committer.when.Unix()
	if !bytes.Contains(c.message, []byte(gitwriter.TrailerPolicy)) {
		return
	}
	message := string(c.message)
	n.claims = Claims(message)
	n.whole = len(n.claims) == 1 && c.author.when.Equal(c.committer.when) && endsWithClaim(message)
}

// endsWithClaim reports whether the last paragraph of a message is a claim, and nothing but that.
func endsWithClaim(message string) bool {
	if strings.Count(message, "\n"+gitwriter.TrailerPolicy+":") != 1 {
		return false
	}
	message = strings.TrimRight(message, "\n")
	last := message[strings.LastIndex(message, "\n\n")+1:]
	for line := range strings.Lines(strings.TrimLeft(last, "\n")) {
		if !strings.HasPrefix(line, "Image-") {
			return false
		}
	}
	return strings.Contains(last, gitwriter.TrailerPolicy+":")
}

// sorted puts every commit behind its parents. Among those that may come next from the tip on, the newest comes first, as in
// git log --date-order.
func (g graph) sorted() graph {
	waiting := make([]int32, len(g))
	for i := range g {
		waiting[i] = g[i].children
	}
	order := make([]int32, 0, len(g))
	for ready := (&newest{graph: g, at: []int32{0}}); ready.Len() > 0; {
		next, _ := heap.Pop(ready).(int32)
		order = append(order, next)
		for _, parent := range g[next].parents {
			waiting[parent]--
			if waiting[parent] == 0 {
				heap.Push(ready, parent)
			}
		}
	}
	slices.Reverse(order)
	place := make([]int32, len(g))
	for to, from := range order {
		place[from] = int32(to)
	}
	result := make(graph, len(g))
	for to, from := range order {
		result[to] = g[from]
		for i, parent := range result[to].parents {
			result[to].parents[i] = place[parent]
		}
	}
	return result
}

// newest is a heap of commits.
type newest struct {
	graph graph
	at    []int32
}

// Len implements heap.Interface.
func (h *newest) Len() int { return len(h.at) }

// Less implements heap.Interface.
func (h *newest) Less(i, j int) bool {
	a, b := h.at[i], h.at[j]
	if h.graph[a].when != h.graph[b].when {
		return h.graph[a].when > h.graph[b].when
	}
	return a < b
}

// Swap implements heap.Interface.
func (h *newest) Swap(i, j int) { h.at[i], h.at[j] = h.at[j], h.at[i] }

// Push implements heap.Interface.
func (h *newest) Push(commit any) {
	if at, ok := commit.(int32); ok {
		h.at = append(h.at, at)
	}
}

// Pop implements heap.Interface.
func (h *newest) Pop() any {
	last := h.at[len(h.at)-1]
	h.at = h.at[:len(h.at)-1]
	return last
}

// arrivals tells for each commit the first of the heads that contains it.
func (g graph) arrivals(isHead func(int32) bool) []int32 {
	head := make([]bool, len(g))
	for at := int32(len(g) - 1); ; at = g[at].parents[0] { //nolint:gosec // A length of memory.
		head[at] = true
		if len(g[at].parents) == 0 {
			break
		}
	}
	arrived := make([]int32, len(g))
	for i := range arrived {
		arrived[i] = -1
	}
	var reached []int32
	for i := range int32(len(g)) { //nolint:gosec // A length of memory.
		if !head[i] && !isHead(i) {
			continue
		}
		for reached = append(reached[:0], i); len(reached) > 0; {
			at := reached[len(reached)-1]
			reached = reached[:len(reached)-1]
			if arrived[at] >= 0 {
				continue
			}
			arrived[at] = i
			reached = append(reached, g[at].parents...)
		}
	}
	return arrived
}
