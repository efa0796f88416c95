// Every way of printing a metric that people use: the pattern found in the source matches the line as it is printed.
import { expect, it } from 'vitest'
import { findMetric } from '../../../src/core/init/metric.ts'

it.each([
  ['print("val_loss:", loss.item())', 'val_loss: 0.25', '0.25'],
  ["print('test_loss', test_loss)", 'test_loss 1e-3', '1e-3'],
  ['print(f"val_bpb:          {val_bpb:.6f}")', 'val_bpb:          0.997900', '0.997900'],
  ['print("Epoch %d val acc: %.2f" % (e, a))', 'Epoch 3 val acc: 91.20', '91.20'],
  ['logger.info("Validation loss: {:.4f}".format(x))', 'INFO Validation loss: nan', 'nan'],
  ['print(f"val_loss={v:8.4f}, lr={lr}")', 'val_loss=  1.2345, lr=0.1', '1.2345'],
  ['print(f"done in {t:.1f}s: test accuracy {a:.3f}%")', 'done in 3.0s: test accuracy 91.200%', '91.200'],
  ['tqdm.write(f"eval/loss: {x}")', 'eval/loss: 2.5', '2.5'],
  ['printf("val loss %f\\n", val_loss);', 'val loss 4.298513', '4.298513'],
  ['std::printf("val_loss %7.4fnats", x);', 'val_loss  4.2985nats', '4.2985'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the source of another program
  ['console.log(`val_bpb: ${x.toFixed(6)}`)', 'val_bpb: 2.912345', '2.912345'],
  ['println!("val loss: {:.4}", loss);', 'val loss: 3.1234', '3.1234'],
])('%s', (source, printed, value) => {
  const pattern = findMetric(new Map([['train.py', source]]), ['train.py'])?.pattern
  expect(pattern && new RegExp(pattern).exec(printed)?.[1]).toBe(value)
})

it.each([
  ['a loss that is only computed', 'val_loss = evaluate(model)'],
  ['a comment', '# print(f"val_loss: {x}")'],
  ['a heading', 'print("val_loss over time")'],
])('finds nothing in %s', (_, source) => {
  expect(findMetric(new Map([['train.py', source]]), ['train.py'])).toBeUndefined()
})

it('prefers what is measured on held-out data, and the last such line', () => {
  const source =
    'print(f"loss: {a}")\nprint(f"val_loss: {b}")\nprint(f"best val_loss: {c}")\nprint(f"acc: {d}")\n'
  const found = findMetric(new Map([['train.py', source]]), ['train.py'])
  expect(found).toMatchObject({ name: 'best_val_loss', heldOut: true, evidence: { line: 3 } })
})

it.each([
  ['at the end of the script', 'for i in x:\n    pass\nprint(f"val_loss: {y}")', false],
  ['in a loop', 'for i in x:\n    if i:\n        print(f"val_loss: {y}")', true],
  ['in the function main', 'def main():\n    print(f"val_loss: {y}")', false],
  ['in a function that anyone may call', 'def report():\n    print(f"val_loss: {y}")', true],
])('knows whether a line is printed several times: %s', (_, source, repeated) => {
  expect(findMetric(new Map([['train.py', source]]), ['train.py'])?.repeated).toBe(repeated)
})
