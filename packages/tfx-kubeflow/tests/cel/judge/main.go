package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/checker/decls"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter/functions"
	"github.com/kubeflow/pipelines/api/v2alpha1/go/pipelinespec"
	exprpb "google.golang.org/genproto/googleapis/api/expr/v1alpha1"
	"google.golang.org/protobuf/encoding/protojson"
)

type Case struct {
	Condition string          `json:"condition"`
	Input     json.RawMessage `json:"input"`
}

func parseJSON(arg ref.Val) ref.Val {
	s, ok := arg.Value().(string)
	if !ok {
		return types.MaybeNoSuchOverloadErr(arg)
	}
	var r interface{}
	if err := json.Unmarshal([]byte(s), &r); err != nil {
		return types.NewErr("json: %s", err)
	}
	return types.DefaultTypeAdapter.NativeToValue(r)
}

func main() {
	env, err := cel.NewEnv(
		cel.DeclareContextProto((new(pipelinespec.ExecutorInput)).ProtoReflect().Descriptor()),
		cel.Declarations(decls.NewFunction("parseJson",
			decls.NewOverload("parse_json", []*exprpb.Type{decls.String}, decls.Dyn))))
	if err != nil {
		panic(err)
	}
	sc := bufio.NewScanner(os.Stdin)
	sc.Buffer(make([]byte, 1<<20), 1<<24)
	for sc.Scan() {
		var c Case
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			panic(err)
		}
		fmt.Println(verdict(env, c))
	}
}

func verdict(env *cel.Env, c Case) string {
	in := &pipelinespec.ExecutorInput{}
	if err := protojson.Unmarshal(c.Input, in); err != nil {
		panic(err)
	}
	ast, iss := env.Compile(c.Condition)
	if iss != nil && iss.Err() != nil {
		j, _ := json.Marshal(map[string]string{"refused": iss.Err().Error()})
		return string(j)
	}
	p, err := env.Program(ast, cel.Functions(&functions.Overload{Operator: "parse_json", Unary: parseJSON}))
	if err != nil {
		j, _ := json.Marshal(map[string]string{"refused": err.Error()})
		return string(j)
	}
	vars := map[string]interface{}{"inputs": in.GetInputs(), "outputs": in.GetOutputs()}
	r, _, err := p.Eval(vars)
	if err != nil {
		j, _ := json.Marshal(map[string]string{"failed": err.Error()})
		return string(j)
	}
	if b, ok := r.Value().(bool); ok {
		return fmt.Sprint(b)
	}
	return `{"failed": "return type is not bool"}`
}
