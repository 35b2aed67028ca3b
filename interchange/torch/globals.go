package torch

import (
	"fmt"
	"strings"

	"github.com/recur-go/recur/internal/format"
	"github.com/recur-go/recur/model/safetensors"
)

// A global is a name of Python that a pickle refers to, such as collections.OrderedDict.
type global string

// storages are the types of storage by their names in package torch.
var storages = map[string]safetensors.DType{
	"FloatStorage": safetensors.F32, "DoubleStorage": safetensors.F64, "HalfStorage": safetensors.F16,
	"BFloat16Storage": safetensors.BF16, "LongStorage": safetensors.I64, "IntStorage": safetensors.I32,
	"ShortStorage": safetensors.I16, "CharStorage": safetensors.I8, "ByteStorage": safetensors.U8, "BoolStorage": safetensors.Bool,
}

// dtypes are the types of elements by their names in package torch.
var dtypes = map[string]safetensors.DType{
	"float32": safetensors.F32, "float64": safetensors.F64, "float16": safetensors.F16, "bfloat16": safetensors.BF16,
	"int64": safetensors.I64, "int32": safetensors.I32, "int16": safetensors.I16, "int8": safetensors.I8, "uint8": safetensors.U8,
	"bool": safetensors.Bool, "uint16": safetensors.U16, "uint32": safetensors.U32, "uint64": safetensors.U64,
}

// known reports whether a name may be referred to.
func (n global) known() bool {
	module, name, _ := strings.Cut(string(n), " ")
	switch module {
	case "torch", "torch.storage":
		return storages[name] != "" || dtypes[name] != "" || name == "UntypedStorage" || name == "Size"
	case "torch._utils":
		return strings.HasPrefix(name, "_rebuild_tensor") && rebuilders[name] || name == "_rebuild_parameter"
	case "collections":
		return name == "OrderedDict" || name == "defaultdict"
	}
	return n == "_codecs encode" || n == "builtins set" || n == "__builtin__ set"
}

var rebuilders = map[string]bool{"_rebuild_tensor": true, "_rebuild_tensor_v2": true, "_rebuild_tensor_v3": true}

func (n global) String() string { return strings.Replace(string(n), " ", ".", 1) }

// object runs the instructions that refer to names and call them.
func (u *unpickler) object(op byte) {
	switch op {
	case 'c': // GLOBAL
		module := u.line()
		u.refer(module, u.line())
	case 0x93: // STACK_GLOBAL
		name, module := u.pop(), u.pop()
		m, ok1 := module.(string)
		n, ok2 := name.(string)
		if !ok1 || !ok2 {
			u.fail("the pickle refers to a name that is not text")
		}
		u.refer(m, n)
	case 'i': // INST
		module := u.line()
		u.refer(module, u.line()) // which is none of those that can be made so
		u.fail("the pickle makes an object of %v", u.top())
	case 'R', 0x81: // REDUCE, NEWOBJ
		args, f := u.pop(), u.pop()
		t, ok1 := args.(tuple)
		n, ok2 := f.(global)
		if !ok1 || !ok2 {
			u.fail("the pickle calls %s with %s", describe(f), describe(args))
		}
		u.push(u.call(n, t))
	case 'b': // BUILD
		state := u.pop()
		if _, ok := u.top().(*dict); !ok {
			u.fail("the pickle sets attributes of %s", describe(u.top()))
		}
		if _, ok := state.(*dict); !ok { // the _metadata of a state_dict, which has nothing of its tensors
			u.fail("the pickle sets attributes to %s", describe(state))
		}
	case 'Q': // BINPERSID
		u.persistent(u.pop())
	case 'P':
		u.persistent(u.line())
	default: // NEWOBJ_EX, OBJ
		u.fail("the pickle makes an object by the instruction %#02x, which no state_dict has", op)
	}
}

func (u *unpickler) refer(module, name string) {
	n := global(module + " " + name)
	if !n.known() {
		format.Throw(&ClassError{Class: n.String()})
	}
	u.push(n)
}

func (u *unpickler) persistent(id any) {
	v, err := u.persist(id)
	if err != nil {
		format.Throw(err)
	}
	u.push(v)
}

// call does what the few known names do.
func (u *unpickler) call(n global, args tuple) any {
	bad := func() {
		u.fail("the pickle calls %v with %s", n, describe(args))
	}
	switch module, name, _ := strings.Cut(string(n), " "); {
	case name == "OrderedDict" || name == "defaultdict":
		if len(args) == 0 || name == "defaultdict" {
			return &dict{}
		}
	case module == "torch" && name == "Size" && len(args) == 1:
		if t, ok := args[0].(tuple); ok {
			return t
		}
	case name == "_rebuild_parameter" && len(args) >= 1:
		if t, ok := args[0].(*Tensor); ok {
			return t
		}
	case rebuilders[name]:
		t, err := rebuild(name, args)
		if err != nil {
			u.fail("%v: %v", n, err)
		}
		return t
	case name == "encode" && len(args) > 0: // bytes, of a pickle of protocol 2
		if s, ok := args[0].(string); ok {
			return []byte(s)
		}
	case name == "set" && len(args) <= 1:
		s := &set{}
		if len(args) == 1 {
			if l, ok := args[0].(*list); ok {
				s.items = l.items
			}
		}
		return s
	}
	bad()
	return nil
}

// rebuild makes a tensor of its storage, offset, size and stride.
func rebuild(name string, args tuple) (*Tensor, error) {
	if len(args) < 4 {
		return nil, fmt.Errorf("%d arguments", len(args))
	}
	s, ok := args[0].(*storage)
	offset, ok2 := args[1].(int64)
	size, ok3 := ints(args[2])
	stride, ok4 := ints(args[3])
	if !ok || !ok2 || !ok3 || !ok4 || len(size) != len(stride) || offset < 0 {
		return nil, fmt.Errorf("%s does not describe a tensor", describe(args))
	}
	dtype := s.dtype
	if name == "_rebuild_tensor_v3" {
		if len(args) < 7 {
			return nil, fmt.Errorf("%d arguments", len(args))
		}
		n, _ := args[6].(global)
		if dtype = dtypes[strings.TrimPrefix(string(n), "torch ")]; dtype == "" {
			return nil, fmt.Errorf("elements of %s", describe(args[6]))
		}
	}
	if dtype == "" {
		return nil, fmt.Errorf("elements of unknown type")
	}
	t := &Tensor{DType: dtype, Shape: size, stride: stride, offset: int(offset), from: s}
	return t, t.check()
}

func ints(v any) ([]int, bool) {
	t, ok := v.(tuple)
	if !ok || len(t) > maxRank {
		return nil, false
	}
	list := make([]int, len(t))
	for i, v := range t {
		n, ok := v.(int64)
		if !ok || n < 0 || int64(int(n)) != n {
			return nil, false
		}
		list[i] = int(n)
	}
	return list, true
}
