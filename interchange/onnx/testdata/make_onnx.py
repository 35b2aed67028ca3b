"""Makes models with what ONNX Runtime computes from them, in ONNX's test-data layout.

    pip install -r requirements.txt
    python make_onnx.py models                      # the small ones kept beside this file
    python make_onnx.py --random 400 --seed 1 DIR   # random recurrent layers and operators

and then recur check DIR.
"""
import argparse, os, shutil
import numpy as np
import onnx, onnxruntime as ort
from onnx import helper as h, numpy_helper as nh, TensorProto as TP

ort.set_default_logger_severity(4)


def options():
    o = ort.SessionOptions()
    o.log_severity_level = 4
    o.intra_op_num_threads = 1
    o.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return o


def elem(a):
    return h.np_dtype_to_tensor_dtype(np.asarray(a).dtype)


def tensor(name, a):
    return nh.from_array(np.asarray(a, order='C'), name)


def info(name, a):
    return h.make_tensor_value_info(name, elem(a), list(np.asarray(a).shape))


def save(dir, name, model, inputs, most=np.inf):
    """inputs: arrays by name, in the order of the graph. Nothing is saved if an output exceeds most."""
    try:
        s = ort.InferenceSession(model.SerializeToString(), options(), providers=['CPUExecutionProvider'])
    except ort.capi.onnxruntime_pybind11_state.NotImplemented:
        print(f'{name}: ONNX Runtime does not have it')
        return True
    outputs = s.run(None, inputs)
    if most < np.inf and any(not np.all(np.abs(a) < most) for a in outputs):
        return False
    d = os.path.join(dir, name)
    shutil.rmtree(d, ignore_errors=True)
    os.makedirs(os.path.join(d, 'test_data_set_0'))
    onnx.save(model, os.path.join(d, 'model.onnx'))
    for i, v in enumerate(model.graph.input):
        with open(os.path.join(d, 'test_data_set_0', f'input_{i}.pb'), 'wb') as f:
            f.write(tensor(v.name, inputs[v.name]).SerializeToString())
    for i, (v, a) in enumerate(zip(model.graph.output, outputs)):
        if isinstance(a, list):
            p = nh.from_list([np.asarray(x) for x in a], v.name)
        else:
            p = tensor(v.name, np.asarray(a))
        with open(os.path.join(d, 'test_data_set_0', f'output_{i}.pb'), 'wb') as f:
            f.write(p.SerializeToString())
    return True


def model(nodes, inputs, outputs, opset=22, inits=None, functions=(), value_infos=None):
    g = h.make_graph(
        nodes, 'g', [info(k, v) for k, v in inputs.items()],
        [h.make_tensor_value_info(o, t, None) if isinstance(t, int) else h.make_value_info(o, t) for o, t in outputs.items()],
        [tensor(k, v) for k, v in (inits or {}).items()])
    domains = [h.make_opsetid('', opset), h.make_opsetid('com.microsoft', 1), h.make_opsetid('local', 1)]
    return h.make_model(g, opset_imports=domains, ir_version=8, functions=list(functions), producer_name='make_onnx.py')


GATES = {'RNN': 1, 'GRU': 3, 'LSTM': 4}
ONE = ['Relu', 'Tanh', 'Sigmoid', 'Softsign', 'Softplus']
ALPHA = ['LeakyRelu', 'ThresholdedRelu', 'Elu']
BOTH = ['Affine', 'ScaledTanh', 'HardSigmoid']


def weights(r, *shape):
    return r.uniform(-0.7, 0.7, shape).astype('f4')


def recurrent(r, op, T, B, I, H, direction='forward', opset=22, packed=True, **want):
    """A node with random weights: nodes, inputs, initializers, outputs."""
    D, G = (2 if direction == 'bidirectional' else 1), GATES[op]
    arrays = {'X': r.standard_normal((T, B, I)).astype('f4'), 'W': weights(r, D, G * H, I), 'R': weights(r, D, G * H, H)}
    if want.get('bias', True):
        arrays['B'] = weights(r, D, 2 * G * H)
    if want.get('lengths'):
        n = r.integers(1, T + 1, B).astype('i4')
        n[r.integers(B)] = T
        arrays['L'] = n
    if want.get('states'):
        arrays['h0'] = weights(r, D, B, H)
        if op == 'LSTM':
            arrays['c0'] = weights(r, D, B, H)
    if want.get('peephole') and op == 'LSTM':
        arrays['P'] = weights(r, D, 3 * H)
    names = ['X', 'W', 'R', 'B', 'L', 'h0'] + (['c0', 'P'] if op == 'LSTM' else [])
    names = [n if n in arrays else '' for n in names]
    while not names[-1]:
        names.pop()
    attrs = dict(hidden_size=H, direction=direction)
    for k in ('clip', 'input_forget', 'linear_before_reset'):
        if k in want:
            attrs[k] = want[k]
    if want.get('activations'):
        acts, alpha, beta = [], [], []
        for d in range(D):
            for k in range({'RNN': 1, 'GRU': 2, 'LSTM': 3}[op]):
                a = str(r.choice(ONE + ALPHA + BOTH if want['activations'] == 'all' else ['Tanh', 'Sigmoid']))
                acts.append(a)
                if a in ALPHA + BOTH:
                    alpha.append(round(float(r.uniform(0.1, 0.9)), 3))
                if a in BOTH:
                    beta.append(round(float(r.uniform(0.1, 0.9)), 3))
        attrs['activations'] = acts
        if alpha:
            attrs['activation_alpha'] = alpha
        if beta:
            attrs['activation_beta'] = beta
    outs = ['Y', 'Y_h'] + (['Y_c'] if op == 'LSTM' else [])
    node = h.make_node(op, names, outs, name='layer', **attrs)
    fixed = {k: v for k, v in arrays.items() if packed and k in 'WRBP'}
    inputs = {k: v for k, v in arrays.items() if k not in fixed}
    return model([node], inputs, {o: TP.FLOAT for o in outs}, opset, fixed), inputs


def random_recurrent(r, i):
    op = ['RNN', 'GRU', 'LSTM'][i % 3]
    want = dict(bias=r.random() < 0.8, lengths=r.random() < 0.5, states=r.random() < 0.5, peephole=r.random() < 0.4)
    if r.random() < 0.3:
        want['clip'] = round(float(r.uniform(0.2, 2)), 3)
    if op == 'LSTM' and r.random() < 0.2:
        want['input_forget'] = 1
    if op == 'GRU' and r.random() < 0.5:
        want['linear_before_reset'] = 1
    want['activations'] = r.choice(['', 'plain', 'all'])
    T, B, I, H = (int(r.integers(1, n)) for n in (12, 6, 9, 20))
    return recurrent(r, op, T, B, I, H, str(r.choice(['forward', 'reverse', 'bidirectional'])), int(r.choice([7, 14, 22])), r.random() < 0.7, **want)


def tagger(r):
    """Embedding, two bidirectional LSTMs, a projection and log-softmax."""
    T, B, E, H, K = 5, 2, 4, 3, 6
    inits = {'E': weights(r, 10, E), 'out': weights(r, 2 * H, K), 'bias': weights(r, K), 'shape': np.array([0, 0, -1], 'i8')}
    nodes = [h.make_node('Gather', ['E', 'ids'], ['x0'])]
    for l, width in enumerate((E, 2 * H)):
        inits |= {f'W{l}': weights(r, 2, 4 * H, width), f'R{l}': weights(r, 2, 4 * H, H), f'B{l}': weights(r, 2, 8 * H)}
        nodes += [
            h.make_node('LSTM', [f'x{l}', f'W{l}', f'R{l}', f'B{l}', 'lengths'], [f'y{l}', f'h{l}'], hidden_size=H, direction='bidirectional'),
            h.make_node('Transpose', [f'y{l}'], [f't{l}'], perm=[0, 2, 1, 3]),
            h.make_node('Reshape', [f't{l}', 'shape'], [f'x{l + 1}'])]
    nodes += [h.make_node('MatMul', ['x2', 'out'], ['m']), h.make_node('Add', ['m', 'bias'], ['a']), h.make_node('LogSoftmax', ['a'], ['y'], axis=-1)]
    inputs = {'ids': r.integers(0, 10, (T, B)), 'lengths': np.array([5, 3], 'i4')}
    return model(nodes, inputs, {'y': TP.FLOAT, 'h1': TP.FLOAT}, 17, inits), inputs


def body(name, nodes, inputs, outputs):
    v = lambda k, t: h.make_tensor_value_info(k, t[0], t[1])
    return h.make_graph(nodes, name, [v(k, t) for k, t in inputs.items()], [v(k, t) for k, t in outputs.items()])


def scan_cell(r):
    """A recurrent net written as a Scan, one layer of it a GRU that the body captures."""
    T, B, I, H = 4, 2, 3, 3
    f = lambda *s: (TP.FLOAT, list(s))
    nodes = [
        h.make_node('Unsqueeze', ['x', 'zero'], ['x3']), h.make_node('Unsqueeze', ['hin', 'zero'], ['h3']),
        h.make_node('GRU', ['x3', 'W', 'R', 'B', '', 'h3'], ['', 'g'], hidden_size=H, linear_before_reset=1),
        h.make_node('Squeeze', ['g', 'zero'], ['g2']), h.make_node('Mul', ['g2', 'scale'], ['hout']), h.make_node('Identity', ['hout'], ['y'])]
    b = body('step', nodes, {'hin': f(B, H), 'x': f(B, I)}, {'hout': f(B, H), 'y': f(B, H)})
    inits = {'W': weights(r, 1, 3 * H, I), 'R': weights(r, 1, 3 * H, H), 'B': weights(r, 1, 6 * H), 'zero': np.array([0], 'i8'), 'scale': np.float32(0.9)}
    inputs = {'h0': weights(r, B, H), 'X': r.standard_normal((T, B, I)).astype('f4')}
    node = h.make_node('Scan', ['h0', 'X'], ['hn', 'Y'], body=b, num_scan_inputs=1, scan_input_directions=[1])
    return model([node], inputs, {'hn': TP.FLOAT, 'Y': TP.FLOAT}, 17, inits), inputs


def loop_until(r):
    """A Loop that ends by its condition, with an If in its body."""
    f = lambda *s: (TP.FLOAT, list(s))
    yes = body('yes', [h.make_node('Mul', ['v', 'two'], ['o1'])], {}, {'o1': f(2)})
    no = body('no', [h.make_node('Sub', ['v', 'two'], ['o2'])], {}, {'o2': f(2)})
    nodes = [
        h.make_node('ReduceSum', ['v'], ['s'], keepdims=0), h.make_node('Less', ['s', 'ten'], ['small']),
        h.make_node('If', ['small'], ['vout'], then_branch=yes, else_branch=no),
        h.make_node('ReduceSum', ['vout'], ['s2'], keepdims=0), h.make_node('Less', ['s2', 'limit'], ['go']), h.make_node('Identity', ['s2'], ['seen'])]
    b = body('again', nodes, {'i': (TP.INT64, []), 'c': (TP.BOOL, []), 'v': f(2)}, {'go': (TP.BOOL, []), 'vout': f(2), 'seen': f()})
    inputs = {'v0': np.array([0.5, 0.75], 'f4')}
    inits = {'two': np.float32(2), 'ten': np.float32(10), 'limit': np.float32(15), 'M': np.int64(20), 'yes': np.bool_(True)}
    node = h.make_node('Loop', ['M', 'yes', 'v0'], ['v', 'seen'], body=b)
    return model([node], inputs, {'v': TP.FLOAT, 'seen': TP.FLOAT}, 17, inits), inputs


def function(r):
    """A function of the model, with an attribute that the call gives and one that it does not."""
    slope = h.make_node('LeakyRelu', ['a'], ['y'])
    slope.attribute.append(onnx.AttributeProto(name='alpha', ref_attr_name='slope', type=onnx.AttributeProto.FLOAT))
    axis = h.make_node('Softmax', ['y'], ['z'])
    axis.attribute.append(onnx.AttributeProto(name='axis', ref_attr_name='axis', type=onnx.AttributeProto.INT))
    f = h.make_function('local', 'Dense', ['x', 'w', 'b'], ['z'], [
        h.make_node('MatMul', ['x', 'w'], ['m']), h.make_node('Add', ['m', 'b'], ['a']), slope, axis],
        [h.make_opsetid('', 17)], ['slope'], [h.make_attribute('axis', 0)])
    inputs = {'x': r.standard_normal((3, 4)).astype('f4')}
    nodes = [h.make_node('Dense', ['x', 'w', 'b'], ['h'], domain='local', slope=0.3), h.make_node('Dense', ['h', 'v', 'b'], ['y'], domain='local', slope=0.1, axis=1)]
    inits = {'w': weights(r, 4, 5), 'v': weights(r, 5, 5), 'b': weights(r, 5)}
    return model(nodes, inputs, {'y': TP.FLOAT}, 17, inits, [f]), inputs


def quantized(r, op):
    """What quantize_dynamic of ONNX Runtime makes of a model. A batch of one, as ONNX
    Runtime rounds the rows of a larger one by threads."""
    from onnxruntime.quantization import quantize_dynamic, QuantType
    if op == 'LSTM':
        m, inputs = recurrent(r, 'LSTM', 6, 1, 5, 8, str(r.choice(['forward', 'reverse', 'bidirectional'])), 17, states=True)
    else:
        m = model([h.make_node('MatMul', ['x', 'w'], ['m']), h.make_node('Tanh', ['m'], ['y'])], {'x': np.zeros((3, 6), 'f4')}, {'y': TP.FLOAT}, 17, {'w': weights(r, 6, 4)})
        inputs = {'x': r.standard_normal((3, 6)).astype('f4')}
    path = os.path.join(os.environ.get('TMPDIR', '/tmp'), f'quantized-{os.getpid()}.onnx')
    quantize_dynamic(h_save(m, path), path, per_channel=bool(r.random() < 0.5), weight_type=QuantType.QInt8)
    m = onnx.load(path)
    os.remove(path)
    return m, inputs


def h_save(m, path):
    onnx.save(m, path)
    return path


def edges(r):
    """Types at the edge: float16, double, bool and int64."""
    inputs = {'x': r.standard_normal((2, 3)).astype('f2'), 'd': r.standard_normal((3, 4)), 'keep': np.array([[True], [False]]), 'at': np.array([2, 0])}
    nodes = [
        h.make_node('Cast', ['x'], ['xd'], to=TP.DOUBLE), h.make_node('MatMul', ['xd', 'd'], ['m']),
        h.make_node('Where', ['keep', 'm', 'zero'], ['w']), h.make_node('Gather', ['w', 'at'], ['g'], axis=1),
        h.make_node('Cast', ['g'], ['y'], to=TP.FLOAT16), h.make_node('Sqrt', ['x2'], ['s']), h.make_node('Mul', ['x', 'x'], ['x2'])]
    nodes[-1], nodes[-2] = nodes[-2], nodes[-1]
    return model(nodes, inputs, {'y': TP.FLOAT16, 's': TP.FLOAT16, 'g': TP.DOUBLE}, 17, {'zero': np.float64(0)}), inputs


def torch_model(r, dir, name, make, args, names, outs, dynamic):
    """A model that PyTorch exports."""
    import torch
    torch.manual_seed(int(r.integers(1 << 30)))
    m = make().eval()
    path = os.path.join(dir, name + '.onnx')
    torch.onnx.export(m, args, path, input_names=names, output_names=outs, dynamic_axes=dynamic, opset_version=17, dynamo=False)
    p = onnx.load(path)
    os.remove(path)
    save(dir, name, p, {v.name: a.numpy() for v, a in zip(p.graph.input, args)})


def torch_models(r, dir):
    import torch
    from torch import nn

    class Net(nn.Module):
        def __init__(self, cell, layers, both, first, proj=0):
            super().__init__()
            kind = {'LSTM': nn.LSTM, 'GRU': nn.GRU, 'RNN': nn.RNN}[cell]
            more = {'proj_size': proj} if proj else {}
            self.e = nn.Embedding(12, 5)
            self.r = kind(5, 6, layers, bidirectional=both, batch_first=first, **more)
            self.o = nn.Linear((proj or 6) * (2 if both else 1), 4)

        def forward(self, ids):
            y, s = self.r(self.e(ids))
            return (torch.log_softmax(self.o(y), -1),) + (s if isinstance(s, tuple) else (s,))

    class Step(nn.Module):
        def __init__(self):
            super().__init__()
            self.r, self.o = nn.LSTM(3, 5, 2), nn.Linear(5, 2)

        def forward(self, x, h, c):
            y, (h, c) = self.r(x, (h, c))
            return self.o(y), h, c

    for i, (cell, layers, both, first) in enumerate([('LSTM', 2, True, True), ('GRU', 1, False, False), ('RNN', 2, True, False), ('GRU', 2, True, True)]):
        torch_model(r, dir, f'torch_{cell.lower()}_{i}', lambda: Net(cell, layers, both, first), (torch.from_numpy(r.integers(0, 12, (3, 7))),),
                    ['ids'], ['y', 'h'] + (['c'] if cell == 'LSTM' else []), {'ids': {0: 'a', 1: 'b'}})
    s = lambda *n: torch.from_numpy(r.standard_normal(n).astype('f4'))
    torch_model(r, dir, 'torch_step', Step, (s(1, 2, 3), s(2, 2, 5), s(2, 2, 5)), ['x', 'h_in', 'c_in'], ['y', 'h_out', 'c_out'],
                {'x': {1: 'batch'}, 'h_in': {1: 'batch'}, 'c_in': {1: 'batch'}})


def operators(r):
    """Single operators, above all the old versions of them and those that ONNX's own tests leave out."""
    f = lambda *s: r.standard_normal(s).astype('f4')
    pos = lambda *s: r.uniform(0.1, 3, s).astype('f4')
    i = lambda *v: np.array(v, 'i8')
    big = lambda dt, *s: r.integers(0, 7, s).astype(dt)
    F = TP.FLOAT
    return [  # name, opset, op, inputs, initializers, attributes, types of the outputs
        ('pad2', 10, 'Pad', dict(x=f(2, 3)), {}, dict(pads=[1, 0, 2, -1], value=0.5), [F]),
        ('pad2_reflect', 10, 'Pad', dict(x=f(4, 5)), {}, dict(pads=[1, 2, 2, 1], mode='reflect'), [F]),
        ('slice1', 9, 'Slice', dict(x=f(4, 5)), {}, dict(starts=[1, -3], ends=[100, -1], axes=[0, 1]), [F]),
        ('clip6', 10, 'Clip', dict(x=f(3, 4)), {}, dict(min=-0.5, max=0.5), [F]),
        ('topk1', 9, 'TopK', dict(x=f(3, 5)), {}, dict(k=2, axis=1), [F, TP.INT64]),
        ('topk10', 10, 'TopK', dict(x=f(3, 5)), dict(k=i(3)), dict(axis=0), [F, TP.INT64]),
        ('softmax11', 11, 'Softmax', dict(x=f(2, 3, 4)), {}, dict(axis=1), [F]),
        ('logsoftmax11', 11, 'LogSoftmax', dict(x=f(2, 3, 4)), {}, dict(axis=2), [F]),
        ('hardmax11', 11, 'Hardmax', dict(x=f(2, 3, 4)), {}, {}, [F]),
        ('squeeze11', 11, 'Squeeze', dict(x=f(1, 3, 1)), {}, dict(axes=[0]), [F]),
        ('unsqueeze11', 11, 'Unsqueeze', dict(x=f(3, 2)), {}, dict(axes=[0, -1]), [F]),
        ('split11', 11, 'Split', dict(x=f(6, 2)), {}, dict(axis=0, split=[1, 5]), [F, F]),
        ('sum11', 11, 'ReduceSum', dict(x=f(2, 3, 4)), {}, dict(axes=[1], keepdims=0), [F]),
        ('mean11', 13, 'ReduceMean', dict(x=f(2, 3, 4)), {}, dict(axes=[0, 2]), [F]),
        ('l1', 18, 'ReduceL1', dict(x=f(2, 3, 4)), dict(a=i(1, 2)), dict(keepdims=0), [F]),
        ('logsum', 13, 'ReduceLogSum', dict(x=pos(2, 3, 4)), {}, dict(axes=[1]), [F]),
        ('dropout7', 7, 'Dropout', dict(x=f(2, 3)), {}, dict(ratio=0.4), [F]),
        ('gemm7', 7, 'Gemm', dict(a=f(3, 2)), dict(b=f(4, 3), c=f(4)), dict(alpha=0.5, beta=2.0, transA=1, transB=1), [F]),
        ('convtranspose', 22, 'ConvTranspose', dict(x=f(1, 3, 4, 5)), dict(w=f(3, 2, 3, 2), b=f(2)), dict(strides=[2, 3], pads=[1, 0, 0, 1], output_padding=[1, 0], dilations=[1, 2]), [F]),
        ('convtranspose_group', 22, 'ConvTranspose', dict(x=f(2, 4, 6)), dict(w=f(4, 3, 3)), dict(group=2, strides=[2]), [F]),
        ('convtranspose_same', 22, 'ConvTranspose', dict(x=f(1, 2, 5)), dict(w=f(2, 2, 3)), dict(strides=[2], auto_pad='SAME_UPPER'), [F]),
        ('convtranspose_same_lower', 22, 'ConvTranspose', dict(x=f(1, 2, 5)), dict(w=f(2, 2, 4)), dict(strides=[3], auto_pad='SAME_LOWER'), [F]),
        ('convtranspose_shape', 22, 'ConvTranspose', dict(x=f(1, 2, 5)), dict(w=f(2, 2, 3)), dict(strides=[2], output_shape=[10]), [F]),
        ('conv1d', 22, 'Conv', dict(x=f(2, 4, 9)), dict(w=f(6, 2, 3), b=f(6)), dict(group=2, dilations=[2], pads=[2, 1]), [F]),
        ('conv3d', 22, 'Conv', dict(x=f(1, 2, 4, 5, 3)), dict(w=f(3, 2, 2, 3, 2)), dict(strides=[1, 2, 1]), [F]),
        ('conv_same_lower', 22, 'Conv', dict(x=f(1, 1, 7, 6)), dict(w=f(2, 1, 4, 3)), dict(strides=[2, 2], auto_pad='SAME_LOWER'), [F]),
        ('lppool', 22, 'LpPool', dict(x=f(1, 2, 8)), {}, dict(kernel_shape=[3], strides=[2], p=3), [F]),
        ('globallp', 18, 'GlobalLpPool', dict(x=f(1, 2, 4, 3)), {}, dict(p=2), [F]),
        ('globalmax', 22, 'GlobalMaxPool', dict(x=f(2, 2, 4)), {}, {}, [F]),
        ('maxpool_indices', 12, 'MaxPool', dict(x=f(1, 2, 6, 5)), {}, dict(kernel_shape=[2, 3], strides=[2, 1], pads=[1, 1, 0, 1]), [F, TP.INT64]),
        ('maxpool_ceil', 12, 'MaxPool', dict(x=f(1, 1, 7)), {}, dict(kernel_shape=[3], strides=[2], ceil_mode=1, dilations=[2]), [F]),
        ('avgpool_pad', 19, 'AveragePool', dict(x=f(1, 2, 7)), {}, dict(kernel_shape=[3], strides=[2], pads=[1, 1], ceil_mode=1, count_include_pad=1), [F]),
        ('mish', 18, 'Mish', dict(x=f(3, 4)), {}, {}, [F]),
        ('acosh', 9, 'Acosh', dict(x=1 + pos(3)), {}, {}, [F]), ('atanh', 9, 'Atanh', dict(x=f(3) / 9), {}, {}, [F]),
        ('asin', 7, 'Asin', dict(x=f(3) / 9), {}, {}, [F]), ('acos', 7, 'Acos', dict(x=f(3) / 9), {}, {}, [F]),
        ('bitand', 18, 'BitwiseAnd', dict(x=big('u1', 2, 3), y=big('u1', 3)), {}, {}, [TP.UINT8]),
        ('bitor', 18, 'BitwiseOr', dict(x=big('i8', 2, 3), y=big('i8', 3)), {}, {}, [TP.INT64]),
        ('bitxor', 18, 'BitwiseXor', dict(x=big('i4', 2, 3), y=big('i4', 2, 1)), {}, {}, [TP.INT32]),
        ('bitnot', 18, 'BitwiseNot', dict(x=big('i4', 2, 3)), {}, {}, [TP.INT32]),
        ('shift', 11, 'BitShift', dict(x=big('u4', 4), y=big('u4', 4)), {}, dict(direction='LEFT'), [TP.UINT32]),
        ('groupnorm', 21, 'GroupNormalization', dict(x=f(2, 6, 4)), dict(s=f(6), b=f(6)), dict(num_groups=3, epsilon=1e-3), [F]),
        ('depth_dcr', 13, 'DepthToSpace', dict(x=f(1, 8, 2, 3)), {}, dict(blocksize=2), [F]),
        ('depth_crd', 13, 'DepthToSpace', dict(x=f(1, 8, 2, 3)), {}, dict(blocksize=2, mode='CRD'), [F]),
        ('space', 13, 'SpaceToDepth', dict(x=f(1, 2, 4, 6)), {}, dict(blocksize=2), [F]),
        ('meanvar', 13, 'MeanVarianceNormalization', dict(x=f(2, 3, 4)), {}, dict(axes=[0, 2]), [F]),
        ('instance', 22, 'InstanceNormalization', dict(x=f(2, 3, 4)), dict(s=f(3), b=f(3)), {}, [F]),
        ('batch9', 9, 'BatchNormalization', dict(x=f(2, 3, 4)), dict(s=f(3), b=f(3), m=f(3), v=pos(3)), {}, [F]),
        ('gelu', 20, 'Gelu', dict(x=f(3, 4)), {}, dict(approximate='tanh'), [F]),
        ('einsum', 12, 'Einsum', dict(a=f(2, 3, 4), b=f(4, 2, 5)), {}, dict(equation='bij,jbk->kbi'), [F]),
        ('einsum_three', 12, 'Einsum', dict(a=f(2, 3), b=f(3, 4), c=f(4, 2)), {}, dict(equation='ij,jk,kl'), [F]),
        ('einsum_dots', 12, 'Einsum', dict(a=f(2, 3, 4), b=f(1, 4, 5)), {}, dict(equation='...ij,...jk->...ik'), [F]),
        ('reverse', 10, 'ReverseSequence', dict(x=f(3, 4, 2)), dict(n=i(4, 1, 2)), dict(batch_axis=0, time_axis=1), [F]),
        ('matmul_batch', 13, 'MatMul', dict(a=f(2, 1, 3, 4), b=f(3, 4, 2)), {}, {}, [F]),
        ('matmul_double', 13, 'MatMul', dict(a=r.standard_normal((3, 4)), b=r.standard_normal((4, 2))), {}, {}, [TP.DOUBLE]),
        ('mod_float', 13, 'Mod', dict(a=f(6), b=pos(6)), {}, dict(fmod=1), [F]),
        ('trilu', 14, 'Trilu', dict(x=f(2, 4, 5)), dict(k=np.int64(1)), dict(upper=0), [F]),
        ('cumsum', 14, 'CumSum', dict(x=f(2, 3, 4)), dict(a=np.int64(1)), dict(reverse=1, exclusive=1), [F]),
        ('layernorm', 17, 'LayerNormalization', dict(x=f(2, 3, 4)), dict(s=f(3, 4), b=f(3, 4)), dict(axis=1), [F, F, F]),
        ('onehot', 11, 'OneHot', dict(x=i(1, -1, 9, 0)), dict(d=np.int64(4), v=np.array([0.5, 2], 'f4')), dict(axis=0), [F]),
        ('unique_axis', 11, 'Unique', dict(x=big('i8', 6, 2)), {}, dict(axis=0, sorted=0), [TP.INT64] * 4),
        ('dequant_axis', 13, 'DequantizeLinear', dict(x=big('u1', 3, 4)), dict(s=pos(4), z=big('u1', 4)), dict(axis=1), [F]),
        ('quant_axis', 13, 'QuantizeLinear', dict(x=f(3, 4)), dict(s=pos(3), z=big('i1', 3)), dict(axis=0), [TP.INT8]),
        ('qmatmul', 10, 'QLinearMatMul', dict(a=big('u1', 3, 4)), dict(sa=np.float32(0.1), za=np.uint8(3), b=big('i1', 4, 2), sb=pos(2) / 9, zb=big('i1', 2), sy=np.float32(0.2), zy=np.uint8(9)), {}, [TP.UINT8]),
        ('matmulinteger', 10, 'MatMulInteger', dict(a=big('u1', 3, 4)), dict(b=big('i1', 4, 2), za=np.uint8(2), zb=big('i1', 2)), {}, [TP.INT32]),
        ('scatter_add', 18, 'ScatterElements', dict(x=f(3, 4)), dict(i=np.array([[0, 2, 2, 1]]), u=f(1, 4)), dict(axis=0, reduction='add'), [F]),
        ('where_bcast', 16, 'Where', dict(c=np.array([[True], [False]]), a=f(2, 3), b=f(3)), {}, {}, [F]),
        ('cast_int', 19, 'Cast', dict(x=f(9) * 5), {}, dict(to=TP.INT32), [TP.INT32]),
        ('cast_bool', 19, 'Cast', dict(x=np.array([0, 0.5, -2], 'f4')), {}, dict(to=TP.BOOL), [TP.BOOL]),
        ('expand', 13, 'Expand', dict(x=f(3, 1)), dict(s=i(2, 1, 6)), {}, [F]),
        ('tile', 13, 'Tile', dict(x=f(2, 3)), dict(n=i(2, 3)), {}, [F]),
        ('range', 11, 'Range', {}, dict(a=np.float32(3), b=np.float32(-1), d=np.float32(-0.75)), {}, [F]),
        ('lpnorm', 22, 'LpNormalization', dict(x=f(3, 4)), {}, dict(axis=0, p=1), [F]),
        ('prelu', 16, 'PRelu', dict(x=f(2, 3, 4)), dict(s=f(3, 1)), {}, [F]),
        ('celu', 12, 'Celu', dict(x=f(2, 3)), {}, dict(alpha=2.0), [F]),
        ('selu', 6, 'Selu', dict(x=f(2, 3)), {}, dict(alpha=2.0, gamma=3.0), [F]),
        ('resizable_gather', 13, 'GatherND', dict(x=f(2, 3, 4)), dict(i=np.array([[[1]], [[2]]])), dict(batch_dims=1), [F]),
    ]


def one(r, opset, op, inputs, inits, attrs, outs):
    names = [f'o{k}' for k in range(len(outs))]
    node = h.make_node(op, [*inputs, *inits], names, **attrs)
    return model([node], inputs, dict(zip(names, outs)), opset, inits), inputs


KEPT = ['pad2', 'slice1', 'topk1', 'softmax11', 'squeeze11', 'split11', 'sum11', 'convtranspose', 'convtranspose_same', 'lppool', 'maxpool_indices',
        'avgpool_pad', 'mish', 'bitxor', 'shift', 'groupnorm', 'depth_crd', 'einsum', 'einsum_dots', 'qmatmul', 'unique_axis']


def main():
    p = argparse.ArgumentParser()
    p.add_argument('dir')
    p.add_argument('--random', type=int, default=0)
    p.add_argument('--seed', type=int, default=0)
    a = p.parse_args()
    r = np.random.default_rng(a.seed)
    os.makedirs(a.dir, exist_ok=True)
    for name, *case in operators(r):
        if a.random or name in KEPT:
            save(a.dir, name, *one(r, *case))
    for k in range(a.random):
        while not save(a.dir, f'recurrent_{k:04}', *random_recurrent(r, k), most=20):
            pass  # activations without bounds blow up small differences
    for name, make in dict(tagger=tagger, scan_cell=scan_cell, loop_until=loop_until, function=function, edges=edges).items():
        save(a.dir, name, *make(r))
    for k in range(6 if a.random else 1):
        save(a.dir, f'quantized_lstm_{k}', *quantized(r, 'LSTM'))
        save(a.dir, f'quantized_matmul_{k}', *quantized(r, 'MatMul'))
    if not a.random:
        for op in ('RNN', 'GRU', 'LSTM'):
            m, inputs = recurrent(r, op, 4, 3, 2, 3, 'bidirectional', 22, lengths=True, states=True, peephole=True, linear_before_reset=1) if op == 'GRU' else \
                recurrent(r, op, 4, 3, 2, 3, 'bidirectional', 22, lengths=True, states=True, peephole=True)
            save(a.dir, op.lower(), m, inputs)
    torch_models(r, a.dir)


if __name__ == '__main__':
    main()
