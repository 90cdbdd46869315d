// Package stack starts the real parts that Fairlead works between, on loopback and in seconds: a Kubernetes control plane
// with one simulated node, the distribution registry, a Git server, and the built controller as a process of its own.
//
// It knows how those parts are started, asked, disturbed and ended. It must never know how Fairlead does its work: it runs
// the binary that users run, with the rights that the product ships, and sees what a user can see.
//
//	         counts, faults              counts, faults
//	push ──▶ [Front]──▶ registry         [Front]──▶ git http-backend ──▶ config.git ◀── HumanCommit
//	            ▲                           ▲                               ▲
//	            └──────── fairlead ─────────┴─────────────▶ SSH server ─────┘
//	                         │ token of ServiceAccount fairlead/fairlead
//	                         ▼
//	                   kube-apiserver ── etcd, controller-manager, scheduler, kwok
//
// Everything listens on 127.0.0.1 or on a Unix socket in a folder of the stack's own, so that many stacks run side by side.
package stack
