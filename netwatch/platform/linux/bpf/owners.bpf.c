/* Who uses which socket, told by the kernel in the moment it happens. Loaded by ../ebpf.py, compiled by setup.py.
 *
 * A process is named only where the kernel runs on its behalf: when it calls connect or listen, when it sends, when it
 * receives, when it accepts. The port of a connection is chosen after connect has begun, so its owner waits in a map
 * until the state changes again. The facts of a process (path, arguments, control group) are read on its first socket,
 * because a short-lived one is gone before anybody could ask. All goes through one ring buffer without waking anybody.
 */
#include "kernel.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

enum { AF_INET = 2, AF_INET6 = 10, SOCK_RAW = 3 };
enum { IPPROTO_TCP = 6, IPPROTO_UDP = 17, IPPROTO_MPTCP = 262 };
enum { TCP_SYN_SENT = 2, TCP_TIME_WAIT = 6, TCP_CLOSE = 7, TCP_LISTEN = 10, TCP_NEW_SYN_RECV = 12 };
enum { NO_HEADER = 0xffff };
/* kinds of events; ../events.py knows the same ones */
enum { SOCKET_CONNECTED = 1, SOCKET_LISTENS, SOCKET_SENT, SOCKET_RECEIVED, SOCKET_CLOSED, SOCKET_FOUND, PROCESS };
enum { SHARES_PORT = 1 };
enum { PATH_ROOM = 1024, NAME_ROOM = 256, ARGS_ROOM = 1024, CGROUP_ROOM = 512 };
enum { MAX_DEPTH = 28, MAX_CGROUPS = 10 };

#define AGAIN_NS 1000000000ULL	/* a datagram socket in use is confirmed this often */

struct socket_event {
	__u32 kind;
	__u32 tgid;
	__u64 start;		/* of the process, ns since boot */
	__u64 at;		/* CLOCK_MONOTONIC, ns */
	__u64 cookie;
	__u32 netns;
	__u16 family;
	__u16 proto;
	__u16 lport;
	__u16 rport;
	__u32 flags;
	__u8 local[16];
	__u8 remote[16];
};

struct process_event {
	__u32 kind;
	__u32 tgid;
	__u64 start;
	__u32 ppid;
	__u32 uid;
	char comm[16];
	__u16 path_size;	/* components, each ended by NUL, the last one first */
	__u16 args_size;
	__u16 cgroup_size;	/* as the path */
	__u16 kernel_thread;
	char path[PATH_ROOM];
	char args[ARGS_ROOM];
	char cgroup[CGROUP_ROOM];
};

struct who { __u64 start; __u32 tgid; __u32 spare; };
struct use_key { __u64 cookie; __u32 tgid; __u32 spare; };
struct use { __u64 at; __u32 remote; __u32 ports; };

struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4 << 20); } events SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __uint(max_entries, 16384);
	 __type(key, __u64); __type(value, struct who); } connecting SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __uint(max_entries, 65536);
	 __type(key, struct use_key); __type(value, struct use); } used SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __uint(max_entries, 16384);
	 __type(key, struct who); __type(value, __u64); } told SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1);
	 __type(key, __u32); __type(value, __u64); } lost SEC(".maps");

/* Packets that the kernel dropped: why (enum skb_drop_reason), and of which local port. */
struct drop_key { __u32 netns; __u32 reason; __u16 proto; __u16 port; };
struct drop { __u64 count; __u64 at; };
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __uint(max_entries, 4096);
	 __type(key, struct drop_key); __type(value, struct drop); } drops SEC(".maps");

/* false before Linux 5.12, where tracing programs may not call the helper: set by the loader */
const volatile bool can_make_cookies = 1;
/* false where the verifier refuses the helper a socket that an iterator came to through a file: seen of a build of Linux 6.18 */
const volatile bool can_make_cookies_of_found = 1;

static __always_inline void count_lost(void)
{
	__u32 zero = 0;
	__u64 *n = bpf_map_lookup_elem(&lost, &zero);

	if (n)
		__sync_fetch_and_add(n, 1);
}

/* The cookie it has; its address, which no cookie is as great as, where nobody asked for one yet. */
static __always_inline __u64 cookie_there(struct sock *sk)
{
	__u64 cookie = sk->__sk_common.skc_cookie.counter;

	return cookie ? cookie : (__u64)(unsigned long)sk;
}

static __always_inline __u64 cookie_of(struct sock *sk)
{
	return can_make_cookies ? bpf_get_socket_cookie(sk) : cookie_there(sk);
}

static __always_inline struct who current_process(void)
{
	struct task_struct *leader = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), group_leader);
	struct who found = { BPF_CORE_READ(leader, start_boottime), bpf_get_current_pid_tgid() >> 32, 0 };

	return found;
}

static __always_inline bool is_internet(struct sock *sk)
{
	__u16 family = sk->__sk_common.skc_family;

	return (family == AF_INET || family == AF_INET6) && sk->sk_protocol != IPPROTO_MPTCP;
}

static __always_inline void describe(struct socket_event *e, struct sock *sk, __u64 cookie)
{
	e->cookie = cookie;
	e->netns = sk->__sk_common.skc_net.net->ns.inum;
	e->family = sk->__sk_common.skc_family;
	e->proto = sk->sk_protocol;
	e->lport = sk->__sk_common.skc_num;
	e->rport = bpf_ntohs(sk->__sk_common.skc_dport);
	if (!e->lport)		/* given back already by a connection that failed */
		e->lport = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	if (sk->sk_type == SOCK_RAW)
		e->lport = e->rport = 0;
	e->flags = sk->__sk_common.skc_reuse || sk->__sk_common.skc_reuseport ? SHARES_PORT : 0;
	__builtin_memset(e->local, 0, 32);
	if (e->family == AF_INET) {
		*(__u32 *)e->local = sk->__sk_common.skc_rcv_saddr;
		*(__u32 *)e->remote = sk->__sk_common.skc_daddr;
	} else {
		for (int i = 0; i < 4; i++) {
			((__u32 *)e->local)[i] = sk->__sk_common.skc_v6_rcv_saddr.in6_u.u6_addr32[i];
			((__u32 *)e->remote)[i] = sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[i];
		}
	}
}

static __always_inline void tell_socket(struct sock *sk, __u32 kind, struct who *who)
{
	struct socket_event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);

	if (!e) {
		count_lost();
		return;
	}
	describe(e, sk, cookie_of(sk));
	e->kind = kind;
	e->tgid = who->tgid;
	e->start = who->start;
	e->at = bpf_ktime_get_ns();
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
}

/* The same number, in a form that the verifier need not follow from turn to turn of a loop. */
static __always_inline __u32 bounded(__u32 size, __u32 mask)
{
	asm volatile("" : "+r"(size));
	return size & mask;
}

/* The path of a file, leaf first, up to the root of its mount namespace. */
static __always_inline __u32 read_path(char *room, struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct vfsmount *vfs = BPF_CORE_READ(file, f_path.mnt);
	struct mount *mount = (void *)vfs - bpf_core_field_offset(struct mount, mnt);
	__u32 size = 0;

#pragma unroll
	for (int i = 0; i < MAX_DEPTH; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		long n;

		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root) || dentry == parent) {
			struct mount *above = BPF_CORE_READ(mount, mnt_parent);

			if (above == mount)
				break;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		if (size > PATH_ROOM - NAME_ROOM)
			return 0;
		n = bpf_probe_read_kernel_str(room + size, NAME_ROOM, BPF_CORE_READ(dentry, d_name.name));
		if (n <= 0 || n > NAME_ROOM)
			return 0;
		size = bounded(size + n, 2 * PATH_ROOM - 1);
		dentry = parent;
	}
	return size;
}

static __always_inline struct kernfs_node *above(struct kernfs_node *node)
{
	struct kernfs_node___since_6_15 *new = (void *)node;

	if (bpf_core_field_exists(new->__parent))
		return BPF_CORE_READ(new, __parent);
	return BPF_CORE_READ((struct kernfs_node___until_6_14 *)node, parent);
}

/* The path of the process in the unified hierarchy of control groups, leaf first. */
static __always_inline __u32 read_cgroup(char *room, struct task_struct *task)
{
	struct kernfs_node *node = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn);
	__u32 size = 0;

#pragma unroll
	for (int i = 0; i < MAX_CGROUPS && node; i++) {
		struct kernfs_node *parent = above(node);
		long n;

		if (!parent || size > CGROUP_ROOM - NAME_ROOM)
			break;
		n = bpf_probe_read_kernel_str(room + size, NAME_ROOM, BPF_CORE_READ(node, name));
		if (n <= 0 || n > NAME_ROOM)
			break;
		size = bounded(size + n, 2 * CGROUP_ROOM - 1);
		node = parent;
	}
	return size;
}

/* Tell what is known of the current process, once for each program it runs. Not static: so it is verified only once. */
__attribute__((noinline)) int tell_process(void)
{
	struct who who = current_process();
	struct task_struct *task = (void *)bpf_get_current_task();
	struct mm_struct *mm = BPF_CORE_READ(task, mm);
	__u64 program = (__u64)(unsigned long)BPF_CORE_READ(mm, exe_file), size, *before;
	struct process_event *e;

	before = bpf_map_lookup_elem(&told, &who);
	if (before && *before == program)
		return 0;
	e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
	if (!e) {
		count_lost();
		return 0;
	}
	bpf_map_update_elem(&told, &who, &program, BPF_ANY);
	e->kind = PROCESS;
	e->tgid = who.tgid;
	e->start = who.start;
	e->uid = (__u32)bpf_get_current_uid_gid();
	e->ppid = BPF_CORE_READ(task, group_leader, real_parent, tgid);
	BPF_CORE_READ_STR_INTO(&e->comm, task, group_leader, comm);
	e->kernel_thread = !mm;
	e->path_size = program ? read_path(e->path, (struct file *)(unsigned long)program) : 0;
	e->cgroup_size = read_cgroup(e->cgroup, task);
	e->args_size = 0;
	if (mm) {
		unsigned long from = BPF_CORE_READ(mm, arg_start);

		size = BPF_CORE_READ(mm, arg_end) - from;
		if (size > ARGS_ROOM)
			size = ARGS_ROOM;
		if (size > 0 && !bpf_probe_read_user(e->args, size, (void *)from))
			e->args_size = size;
	}
	bpf_ringbuf_submit(e, BPF_RB_NO_WAKEUP);
	return 0;
}

/* The current process sends or receives on this socket. Streams are told once, datagram sockets once a second. */
static __always_inline int use_socket(struct sock *sk, __u32 kind)
{
	struct use_key key = {};
	struct use now = {}, *before;
	struct who who;

	if (!sk || !is_internet(sk) || sk->__sk_common.skc_state == TCP_LISTEN)
		return 0;
	if (!sk->__sk_common.skc_num && sk->sk_type != SOCK_RAW)
		return 0;
	key.cookie = cookie_of(sk);
	key.tgid = bpf_get_current_pid_tgid() >> 32;
	now.at = bpf_ktime_get_ns();
	now.ports = (__u32)sk->__sk_common.skc_num << 16 | sk->__sk_common.skc_dport;
	now.remote = sk->__sk_common.skc_daddr ^ sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[3];
	before = bpf_map_lookup_elem(&used, &key);
	if (before && before->ports == now.ports && before->remote == now.remote &&
	    (sk->sk_protocol == IPPROTO_TCP || now.at - before->at < AGAIN_NS))
		return 0;
	bpf_map_update_elem(&used, &key, &now, BPF_ANY);
	who = current_process();
	tell_process();
	tell_socket(sk, kind, &who);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(state_changed, struct sock *sk, int before, int after)
{
	__u64 key = (__u64)(unsigned long)sk;
	struct who who = {}, *opener;

	if (!is_internet(sk))
		return 0;
	if (before == TCP_CLOSE && after == TCP_SYN_SENT) {
		who = current_process();
		bpf_map_update_elem(&connecting, &key, &who, BPF_ANY);
		tell_process();
		return 0;
	}
	if (after == TCP_LISTEN) {
		who = current_process();
		tell_process();
		tell_socket(sk, SOCKET_LISTENS, &who);
		return 0;
	}
	if (before == TCP_SYN_SENT) {
		opener = bpf_map_lookup_elem(&connecting, &key);
		if (opener) {
			struct use_key use_key = { cookie_of(sk), opener->tgid, 0 };
			struct use use = {
				bpf_ktime_get_ns(),
				sk->__sk_common.skc_daddr ^ sk->__sk_common.skc_v6_daddr.in6_u.u6_addr32[3],
				(__u32)sk->__sk_common.skc_num << 16 | sk->__sk_common.skc_dport,
			};

			who = *opener;
			tell_socket(sk, SOCKET_CONNECTED, &who);
			bpf_map_update_elem(&used, &use_key, &use, BPF_ANY);
			bpf_map_delete_elem(&connecting, &key);
		}
	}
	if (after == TCP_CLOSE)
		tell_socket(sk, SOCKET_CLOSED, &who);
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(sent, struct sock *sk, int result, int flags)
{
	return use_socket(sk, SOCKET_SENT);
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(received, struct sock *sk, int result, int flags)
{
	return use_socket(sk, SOCKET_RECEIVED);
}

/* Before Linux 6.3, and where function tracing is allowed. At the exit: a send may be what gives the socket its port. */
SEC("fexit/inet_sendmsg")
int BPF_PROG(send4, struct socket *socket)
{
	return use_socket(socket->sk, SOCKET_SENT);
}

SEC("fexit/inet6_sendmsg")
int BPF_PROG(send6, struct socket *socket)
{
	return use_socket(socket->sk, SOCKET_SENT);
}

SEC("fexit/inet_recvmsg")
int BPF_PROG(receive4, struct socket *socket)
{
	return use_socket(socket->sk, SOCKET_RECEIVED);
}

SEC("fexit/inet6_recvmsg")
int BPF_PROG(receive6, struct socket *socket)
{
	return use_socket(socket->sk, SOCKET_RECEIVED);
}

/* An accepted connection, before anything is said on it. */
SEC("fexit/inet_accept")
int BPF_PROG(accepted, struct socket *listening, struct socket *taken)
{
	return use_socket(taken->sk, SOCKET_RECEIVED);
}

/* What the packet itself says: its protocol, and the port it is for. */
static __always_inline void read_ports(struct drop_key *key, struct sk_buff *skb)
{
	unsigned char *network = skb->head + skb->network_header;
	struct net_device *dev = skb->dev;
	__u8 first = 0, proto = 0;
	__be16 port = 0;

	if (dev)
		key->netns = dev->nd_net.net->ns.inum;
	if (!skb->network_header || skb->network_header == NO_HEADER || bpf_probe_read_kernel(&first, 1, network))
		return;
	if (first >> 4 != 4 && first >> 4 != 6)
		return;
	bpf_probe_read_kernel(&proto, 1, network + (first >> 4 == 4 ? 9 : 6));
	key->proto = proto;
	if (!skb->transport_header || skb->transport_header == NO_HEADER || (proto != IPPROTO_TCP && proto != IPPROTO_UDP))
		return;
	bpf_probe_read_kernel(&port, 2, skb->head + skb->transport_header + 2);
	key->port = bpf_ntohs(port);
}

/* Since Linux 5.17, which says why. */
SEC("tp_btf/kfree_skb")
int BPF_PROG(dropped, struct sk_buff *skb, void *where, int reason)
{
	struct drop_key key = { .reason = reason };
	struct sock *sk = skb->sk;
	struct drop *before;

	if (sk && (sk->__sk_common.skc_family == AF_INET || sk->__sk_common.skc_family == AF_INET6)) {
		__u8 state = sk->__sk_common.skc_state;

		key.netns = sk->__sk_common.skc_net.net->ns.inum;
		key.port = sk->__sk_common.skc_num;
		/* of these there is not more than the common part */
		key.proto = state == TCP_TIME_WAIT || state == TCP_NEW_SYN_RECV ? IPPROTO_TCP : sk->sk_protocol;
	} else {
		read_ports(&key, skb);
	}
	before = bpf_map_lookup_elem(&drops, &key);
	if (before) {
		__sync_fetch_and_add(&before->count, 1);
		before->at = bpf_ktime_get_ns();
	} else {
		struct drop first = { 1, bpf_ktime_get_ns() };

		bpf_map_update_elem(&drops, &key, &first, BPF_ANY);
	}
	return 0;
}

/* Every socket of every process that there is: what was there before us, and what became of it. */
SEC("iter/task_file")
int find_sockets(struct bpf_iter__task_file *it)
{
	struct socket_event e = {};
	struct task_struct *task = it->task;
	struct file *file = it->file;
	struct socket *socket;
	struct sock *sk;

	if (!file || !task)
		return 0;
	socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	sk = socket->sk;
	if (!sk || !is_internet(sk))
		return 0;
	describe(&e, sk, can_make_cookies_of_found ? cookie_of(sk) : cookie_there(sk));
	e.kind = SOCKET_FOUND;
	if (sk->__sk_common.skc_state == TCP_LISTEN && sk->sk_protocol == IPPROTO_TCP)
		e.kind = SOCKET_LISTENS;
	e.tgid = task->tgid;
	e.start = task->group_leader->start_boottime;
	e.at = bpf_ktime_get_ns();
	bpf_seq_write(it->meta->seq, &e, sizeof(e));
	return 0;
}
