// Builds the kernel's filter program that denies sandboxed commands the system calls that reach beyond their namespaces.

/** Denied system calls, by their numbers on [x64, arm64]. */
const NUMBERS = {
  // Namespaces do not isolate the keyring of the runner's session.
  add_key: [248, 217],
  request_key: [249, 218],
  keyctl: [250, 219],
  // io_uring opens sockets and files without a system call that a filter could check.
  io_uring_setup: [425, 425],
  io_uring_enter: [426, 426],
  io_uring_register: [427, 427],
  // The kernel's log and counters reveal the host; the others have a history of kernel vulnerabilities.
  syslog: [103, 116],
  perf_event_open: [298, 241],
  bpf: [321, 280],
  userfaultfd: [323, 282],
  open_by_handle_at: [304, 265],
  kexec_load: [246, 104],
  kexec_file_load: [320, 294],
  setns: [308, 268],
  // Memory that cannot be measured from outside.
  memfd_secret: [447, 447],
} as const

/** A filter cannot follow the pointer to its flags. It is reported as missing, and libraries fall back to `clone`. */
const CLONE3 = 435
const SOCKET = [41, 198]
const CLONE = [56, 220]
const UNSHARE = [272, 97]

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK. Other families, above all AF_VSOCK, ignore network namespaces. */
const SOCKET_FAMILIES = [1, 2, 10, 16]
const CLONE_NEWUSER = 0x1000_0000

const [LOAD, EQUAL, ANY_BIT, AT_LEAST, RETURN] = [0x20, 0x15, 0x45, 0x35, 0x06]
const [NUMBER_OFFSET, ARCHITECTURE_OFFSET, ARGUMENT_OFFSET] = [0, 4, 16]
const ALLOW = 0x7fff_0000
const KILL_PROCESS = 0x8000_0000
const failWith = (errno: number): number => 0x0005_0000 | errno
const [EPERM, ENOSYS, EAFNOSUPPORT] = [1, 38, 97]
const AUDIT_ARCHITECTURE = [0xc000_003e, 0xc000_00b7]
/** x64 has a second table of system calls, whose numbers have this bit set. */
const X32_BIT = 0x4000_0000

/** One instruction: operation, value, and the number of instructions to skip when a comparison is true or false. */
type Instruction = [code: number, value: number, ifTrue?: number, ifFalse?: number]

/**
 * @param architecture as in `process.arch`
 * @returns the filter for `bwrap --seccomp`, or undefined when the architecture is neither x64 nor arm64
 */
export function seccompFilter(architecture: string): Uint8Array | undefined {
  const column = ['x64', 'arm64'].indexOf(architecture)
  if (column < 0) return undefined
  const program: Instruction[] = [
    [LOAD, ARCHITECTURE_OFFSET],
    [EQUAL, AUDIT_ARCHITECTURE[column] ?? 0, 1, 0],
    [RETURN, KILL_PROCESS],
    [LOAD, NUMBER_OFFSET],
    [AT_LEAST, X32_BIT, 0, 1],
    [RETURN, failWith(ENOSYS)],
    [EQUAL, CLONE3, 0, 1],
    [RETURN, failWith(ENOSYS)],
    ...Object.values(NUMBERS).flatMap((numbers): Instruction[] => [
      [EQUAL, numbers[column] ?? 0, 0, 1],
      [RETURN, failWith(EPERM)],
    ]),
    ...[CLONE, UNSHARE].flatMap((numbers): Instruction[] => [
      [EQUAL, numbers[column] ?? 0, 0, 4],
      [LOAD, ARGUMENT_OFFSET],
      [ANY_BIT, CLONE_NEWUSER, 0, 1],
      [RETURN, failWith(EPERM)],
      [RETURN, ALLOW],
    ]),
    [EQUAL, SOCKET[column] ?? 0, 0, SOCKET_FAMILIES.length * 2 + 2],
    [LOAD, ARGUMENT_OFFSET],
    ...SOCKET_FAMILIES.flatMap((family): Instruction[] => [
      [EQUAL, family, 0, 1],
      [RETURN, ALLOW],
    ]),
    [RETURN, failWith(EAFNOSUPPORT)],
    [RETURN, ALLOW],
  ]
  return assemble(program)
}

/** `struct sock_filter` is { u16 code; u8 jt; u8 jf; u32 k }; both architectures are little-endian. */
function assemble(program: readonly Instruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(program.length * 8))
  for (const [index, [code, value, ifTrue = 0, ifFalse = 0]] of program.entries()) {
    bytes.setUint16(index * 8, code, true)
    bytes.setUint8(index * 8 + 2, ifTrue)
    bytes.setUint8(index * 8 + 3, ifFalse)
    bytes.setUint32(index * 8 + 4, value, true)
  }
  return new Uint8Array(bytes.buffer)
}
