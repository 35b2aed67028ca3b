package keras

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// An object is a layer or whatever else Keras writes as a class with its config.
type object struct {
	Module     string          `json:"module"`
	Class      string          `json:"class_name"`
	Registered string          `json:"registered_name"`
	Name       string          `json:"name"`
	Config     json.RawMessage `json:"config"`
	Inbound    json.RawMessage `json:"inbound_nodes"`
	Build      struct {
		Shape json.RawMessage `json:"input_shape"`
	} `json:"build_config"`
}

// maskOps are the operations on tensors that make masks.
var maskOps = map[string]bool{"NotEqual": true, "Any": true, "ExpandDims": true, "Squeeze": true, "Cast": true, "BroadcastTo": true,
	"ZerosLike": true, "OnesLike": true, "LogicalOr": true, "Concatenate": true}

// isOp reports whether o is a plain operation on tensors, which a functional model may hold
// beside its layers. An old file does not have where a class is from; what only a layer has is
// trainable.
func (o *object) isOp() bool {
	if o.Module != "" {
		return strings.HasPrefix(o.Module, "keras.src.ops") || strings.HasPrefix(o.Module, "keras.ops")
	}
	var c struct{ Trainable *bool }
	return maskOps[o.Class] && json.Unmarshal(o.Config, &c) == nil && c.Trainable == nil && len(o.Inbound) > 0
}

// foreign reports whether o is of a class of the program that made the model.
func (o *object) foreign() bool {
	own := o.Module == "" || strings.HasPrefix(o.Module, "keras") || strings.HasPrefix(o.Module, "tf_keras")
	return !own || strings.Contains(o.Registered, ">")
}

// name is that of the layer.
func (o *object) name() string {
	if o.Name != "" {
		return o.Name
	}
	var c struct{ Name string }
	json.Unmarshal(o.Config, &c)
	if c.Name == "" {
		return strings.ToLower(o.Class)
	}
	return c.Name
}

// read decodes the config of a class. Keys that nobody asked for are left alone.
func (o *object) read(v any) error {
	if len(o.Config) == 0 {
		return fmt.Errorf("it has no config")
	}
	if err := json.Unmarshal(o.Config, v); err != nil {
		return fmt.Errorf("its config is invalid: %w", err)
	}
	return nil
}

// common are the settings that any layer has.
type common struct {
	DType        policy
	Trainable    *bool
	Quantization json.RawMessage `json:"quantization_config"`
	LoRA         json.RawMessage `json:"lora_rank"`
}

// policy is a dtype: its name, or an object that has one.
type policy string

func (p *policy) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, (*string)(p)) == nil {
		return nil
	}
	var o struct {
		Class  string `json:"class_name"`
		Config struct{ Name string }
	}
	if err := json.Unmarshal(b, &o); err != nil {
		return err
	}
	if *p = policy(o.Config.Name); *p == "" {
		*p = policy(o.Class)
	}
	return nil
}

func (c *common) check() error {
	switch {
	case c.DType != "" && c.DType != "float32":
		return fmt.Errorf("it computes in %s, whose numbers are not those of float32", c.DType)
	case set(c.Quantization) || set(c.LoRA):
		return fmt.Errorf("it is quantized or has LoRA weights")
	}
	return nil
}

// trains checks the settings that any layer has, and reports whether it trains.
func (o *object) trains() (bool, error) {
	var own common
	if err := o.read(&own); err != nil {
		return false, err
	}
	return yes(own.Trainable), own.check()
}

// set reports whether a value is given and not null, false or an empty object or list.
func set(raw json.RawMessage) bool {
	switch string(bytes.TrimSpace(raw)) {
	case "", "null", "false", "{}", "[]", "0", "0.0":
		return false
	}
	return true
}

// numbers are one whole number or a list of them.
type numbers []int

func (n *numbers) UnmarshalJSON(b []byte) error {
	var one int
	if json.Unmarshal(b, &one) == nil {
		*n = numbers{one}
		if string(bytes.TrimSpace(b)) == "null" {
			*n = nil
		}
		return nil
	}
	return json.Unmarshal(b, (*[]int)(n))
}

// one is the number, or def if there is none.
func (n numbers) one(def int) (int, error) {
	switch len(n) {
	case 0:
		return def, nil
	case 1:
		return n[0], nil
	}
	return 0, fmt.Errorf("%v is not a single number", []int(n))
}

// scalar is a number, which Keras 2 may wrap as an array of NumPy.
type scalar float64

func (s *scalar) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, (*float64)(s)) == nil {
		return nil
	}
	var o struct {
		Value  *float64
		Config struct{ Value *float64 }
	}
	if err := json.Unmarshal(b, &o); err != nil {
		return err
	}
	if o.Value == nil {
		o.Value = o.Config.Value
	}
	if o.Value == nil {
		return fmt.Errorf("%.100s is not a number", b)
	}
	*s = scalar(*o.Value)
	return nil
}

// shape is a shape, with -1 where Keras has None.
type shape []int

func (s *shape) UnmarshalJSON(b []byte) error {
	var dims []*int
	if err := json.Unmarshal(b, &dims); err != nil {
		return err
	}
	if dims == nil {
		return nil
	}
	*s = shape{}
	for _, d := range dims {
		if d == nil {
			*s = append(*s, -1)
		} else {
			*s = append(*s, *d)
		}
	}
	return nil
}

// activation is the name of a function, or the layer that is one.
type activation struct {
	name  string
	layer *object
}

func (a *activation) UnmarshalJSON(b []byte) error {
	if json.Unmarshal(b, &a.name) == nil { // null too, which is linear
		return nil
	}
	a.layer = &object{}
	if err := json.Unmarshal(b, a.layer); err != nil {
		a.name, a.layer = fmt.Sprintf("%.40s", b), nil // a function of the program's
	}
	return nil
}
