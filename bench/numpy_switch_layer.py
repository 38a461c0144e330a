"""A Switch layer with top-1 routing in NumPy, f32: what `switchyard bench kernels` compares its layer with.

    numpy_switch_layer.py TOKENS D_MODEL D_EXPERT EXPERTS:CAPACITY [EXPERTS:CAPACITY ...]

The first line of the answer says which NumPy and which BLAS this is. Then every line of the input is a number of experts, and is answered
by the seconds of one forward pass: router, softmax, argmax, capacity in the order of tokens, gather, two products per expert with ReLU
between them, combine. OPENBLAS_NUM_THREADS in the environment sets the threads. Ends with the input.
"""

import json
import sys
import time


def main(words):
    tokens, d_model, d_expert = (int(word) for word in words[:3])
    capacity_of = dict((int(part) for part in word.split(":")) for word in words[3:])
    try:
        import numpy as np
    except ImportError as error:
        return answer({"error": f"no NumPy ({error})"})
    most = max(capacity_of)
    draw = np.random.default_rng(7).standard_normal
    x = draw((tokens, d_model), dtype=np.float32)
    w_in = evenly(np, (most, d_model, d_expert), d_model**-0.5)
    w_out = evenly(np, (most, d_expert, d_model), d_expert**-0.5)
    router = draw((d_model, most), dtype=np.float32) * np.float32(d_model**-0.5)
    answer({"numpy": np.__version__, "blas": blas_in_use(x)})
    for line in sys.stdin:
        experts = int(line)
        layer = lambda: switch_layer(np, x, router[:, :experts], w_in[:experts], w_out[:experts], capacity_of[experts])
        answer(layer())


def switch_layer(np, x, router, w_in, w_out, capacity):
    start = time.perf_counter()
    tokens, experts = len(x), len(w_in)
    logits = x @ router
    logits -= logits.max(axis=1, keepdims=True)
    shares = np.exp(logits, out=logits)
    shares /= shares.sum(axis=1, keepdims=True)
    chosen = shares.argmax(axis=1)
    gate = shares[np.arange(tokens), chosen]
    order = np.argsort(chosen, kind="stable")
    fill = np.bincount(chosen, minlength=experts)
    first = np.cumsum(fill) - fill
    y = np.zeros_like(x)
    products = 0.0
    for expert in range(experts):
        rows = order[first[expert] : first[expert] + min(fill[expert], capacity)]
        batch = x[rows]
        before = time.perf_counter()
        hidden = batch @ w_in[expert]
        np.maximum(hidden, 0, out=hidden)
        out = hidden @ w_out[expert]
        products += time.perf_counter() - before
        out *= gate[rows, None]
        y[rows] = out
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "gemmSeconds": products, "keptTokens": int(np.minimum(fill, capacity).sum())}


def evenly(np, shape, size):
    """Numbers between -size and size that repeat with a prime period, so that rows differ; quicker than random ones."""
    period = ((np.arange(1999) * 7919) % 1999) / 1000 - 0.9995
    return np.resize((size * period).astype(np.float32), shape)


def blas_in_use(x):
    """The file of the BLAS that a product has loaded; null where the system does not tell."""
    x[:8] @ x[:8].T
    try:
        with open("/proc/self/maps") as maps:
            files = {line.split()[-1] for line in maps if "blas" in line}
        return sorted(files, key=lambda file: ("openblas" not in file, file))[0] if files else None
    except OSError:
        return None


def answer(fields):
    print(json.dumps(fields), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
