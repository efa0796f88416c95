"""The driver of CUDA without a framework: quick to start, and nothing between a program and its device.

    python3 cuda.py count                    what cuInit returns, and how many devices there are
    python3 cuda.py hold MEBIBYTES SECONDS   takes memory of the device, says "held", keeps it
    python3 cuda.py pin MEBIBYTES            takes memory of the machine that the device reads directly
"""

import ctypes
import signal
import sys
import time


def main(action, *numbers):
    numbers = [int(number) for number in numbers]
    {"count": count, "hold": hold, "daemon": daemon, "pin": pin}[action](*numbers)


def count():
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError as error:
        raise SystemExit(f"cuInit missing count 0 ({error})") from None
    result, number = cuda.cuInit(0), ctypes.c_int(0)
    cuda.cuDeviceGetCount(ctypes.byref(number))
    print(f"cuInit {result} count {number.value}")


def hold(mebibytes, seconds):
    take(context().cuMemAlloc_v2, mebibytes)
    print("held", flush=True)
    time.sleep(seconds)


def daemon(mebibytes, seconds):
    """Deaf to requests to end."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hold(mebibytes, seconds)


def pin(mebibytes):
    address = take(context().cuMemAllocHost_v2, mebibytes)
    ctypes.memset(address, 1, mebibytes << 20)
    print("held", flush=True)
    time.sleep(2)


def take(allocate, mebibytes):
    address = ctypes.c_void_p()
    check(allocate(ctypes.byref(address), ctypes.c_size_t(mebibytes << 20)))
    return address


def context():
    cuda = ctypes.CDLL("libcuda.so.1")
    check(cuda.cuInit(0))
    device, made = ctypes.c_int(), ctypes.c_void_p()
    check(cuda.cuDeviceGet(ctypes.byref(device), 0))
    check(cuda.cuDevicePrimaryCtxRetain(ctypes.byref(made), device))
    check(cuda.cuCtxSetCurrent(made))
    return cuda


def check(result):
    if result != 0:
        raise SystemExit(f"CUDA error {result}")


if __name__ == "__main__":
    main(*sys.argv[1:])
