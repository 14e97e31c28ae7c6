/**
 * The operators of ONNX that ONNX Runtime's CoreML execution provider takes when it makes an ML program, and that our
 * static graphs may use. From the list in ONNX Runtime's repository, `coreml_supported_mlprogram_ops.md` in
 * `tools/ci_build/github/apple`, read in November 2026; those that it has only in newer versions (Range, Tile) are left out.
 */
export const coremlOperators: ReadonlySet<string> = new Set(
  [
    ['Add', 'Argmax', 'AveragePool', 'Cast', 'Ceil', 'Clip', 'Concat', 'Conv', 'ConvTranspose', 'Cos', 'DepthToSpace'],
    ['Div', 'Elu', 'Erf', 'Exp', 'GatherND', 'Gelu', 'Gemm', 'GlobalAveragePool', 'GlobalMaxPool', 'GridSample'],
    ['GroupNormalization', 'HardSigmoid', 'Identity', 'InstanceNormalization', 'LayerNormalization', 'LeakyRelu'],
    ['MatMul', 'Max', 'MaxPool', 'Mul', 'PRelu', 'Pow', 'Reciprocal', 'ReduceMax', 'ReduceMean', 'ReduceSum', 'Relu'],
    [
      'Reshape',
      'Resize',
      'Round',
      'Shape',
      'Sigmoid',
      'Sin',
      'Slice',
      'Softmax',
      'Softplus',
      'Split',
      'Sqrt',
      'Squeeze',
    ],
    ['Sub', 'Tanh', 'Transpose', 'Unsqueeze'],
  ].flat(),
)

/** No dimension may be larger: Apple's Neural Engine has nothing beyond. */
export const largestDimension = 16_384
