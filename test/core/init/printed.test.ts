// Every way of printing a metric that people use: the pattern found in the source matches the line as it is printed.
import { expect, it } from 'vitest'
import { findMetric, findProgress } from '../../../src/core/init/metric.ts'

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
  [
    "print('\\nTest set: Average loss: {:.4f}, Accuracy: {}/{}\\n'.format(\n    a, b, c))",
    'Test set: Average loss: 0.0276, Accuracy: 9913/10000 (99%)',
    '0.0276',
  ],
  ["print('====> Test set loss: {:.4f}'.format(x))", '====> Test set loss: 104.2', '104.2'],
  [
    "logging.info(\n    'eval  epoch %03d loss %.4f accuracy %.2f',\n    epoch, loss, accuracy)",
    'INFO:absl:eval  epoch 010 loss 0.4144 accuracy 85.21',
    '0.4144',
  ],
  [
    "print('| End of training | test loss {:5.2f} | '\n      'test ppl {:8.2f}'.format(a, b))",
    '| End of training | test loss  4.91 | test ppl   135.30',
    '4.91',
  ],
  [
    "progress_bar(i, n, 'Test Loss: %.3f | Acc: %.3f%% (%d/%d)' % (a, b, c, d))",
    ' [====>...] Step: 9ms | Tot: 2s | Test Loss: 1.234 | Acc: 50.000% (5/10)',
    '1.234',
  ],
  ['pbar.set_description(f"val_acc {acc:.3f}")', 'val_acc 0.912:  40%|####', '0.912'],
  [
    "bar.set_postfix({'loss': l, 'val_loss': f'{v:.3f}'})",
    '100%|####| 5/5 [00:01<00:00, 3.9it/s, loss=0.9, val_loss=0.250]',
    '0.250',
  ],
  ['t.set_postfix(lr=lr, test_acc=acc)', ' 40%|## | 2/5 [00:01, lr=0.1, test_acc=91.2]', '91.2'],
  [
    "bar.set_postfix_str(f'val loss {v:.3f}')",
    '100%|##| 5/5 [00:01<00:00, 3.9it/s, val loss 0.250]',
    '0.250',
  ],
  [
    `print(f"global_step={step}, episodic_return={info['episode']['r']}")`,
    'global_step=512, episodic_return=[21.]',
    undefined,
  ],
  ["Logger(f'Epoch:[{e}/{n}], val_loss: {l:.4f}')", '[12:00] Epoch:[1/2], val_loss: 3.2100', '3.2100'],
  [
    'print("Test set results:",\n      "loss= {:.4f}".format(a.item()),\n      "accuracy= {:.4f}".format(b.item()))',
    'Test set results: loss= 0.7548 accuracy= 0.8220',
    '0.7548',
  ],
  ['print("epoch", e, "val_loss:", v, "lr:", lr, flush=True)', 'epoch 3 val_loss: 0.25 lr: 0.1', '0.25'],
  ["print('step ' + str(i) + ' val loss: ' + str(info['loss']))", 'step 3 val loss: 0.25', '0.25'],
  ["print('val', 'loss', round(x, 3), sep=' ')", 'val loss 0.25', '0.25'],
  ['print(f"{x} val_loss", y)', '3 val_loss 0.25', '0.25'],
  ['print("=" * 9, "val_loss: " + f"{v:.3f}", end="\\n")', '========= val_loss: 0.250', '0.250'],
  ['print("val_loss:", "%.3f" % v, file=sys.stderr)', 'val_loss: 0.250', '0.250'],
  ['System.out.println("val_loss: " + loss + " after " + n);', 'val_loss: 0.25 after 3', '0.25'],
  ['eprintln!("epoch {} val_loss: {:.3}", epoch, loss);', 'epoch 3 val_loss: 0.250', '0.250'],
  ['std::cerr << "val_loss=" << v << ", lr=" << lr << "\\n";', 'val_loss=0.25, lr=0.1', '0.25'],
  ['fmt.Println("val loss:", loss/float64(n))', 'val loss: 0.25', '0.25'],
  ["console.log('epoch', epoch, 'val_loss', loss.toFixed(3))", 'epoch 3 val_loss 0.250', '0.250'],
  [
    'std::cout << "epoch " << e << " val_loss: " << std::fixed << std::setprecision(4) << v << std::endl;',
    'epoch 3 val_loss: 0.2500',
    '0.2500',
  ],
  ['print(f"ERROR: {e}")', 'ERROR: 404', undefined],
  [
    "print('Test: [{0}/{1}]\\t'\n      'Loss {l.val:.4f} ({l.avg:.4f})\\t'.format(i, n, l=l))",
    'Test: [70/79]\tLoss 0.5213 (0.4987)\t',
    '0.4987',
  ],
  [
    'stats = dict(epoch=e,\n    lr=groups[0]["lr"],\n    val_loss=v.item())\nprint(json.dumps(stats))',
    '{"epoch": 3, "lr": 0.1, "val_loss": 0.25}',
    '0.25',
  ],
  ["print({'epoch': e, 'val_loss': v})", "{'epoch': 3, 'val_loss': 0.25}", '0.25'],
  ["stats = {'val_loss': v}\nprint(json.dumps(stats), file=log)", '{"val_loss": 0.25}', undefined],
  ["log_value('val_loss', losses.avg, epoch)", 'val_loss 0.25', undefined],
  ["logger.add_scalar('val_loss', v, step)", 'val_loss 0.25', undefined],
  ["print(' * Prec@1 {top1.avg:.3f}'.format(top1=top1))", ' * Prec@1 71.203', '71.203'],
  ['logits = f("val_loss", x)', 'val_loss 3.2', undefined],
  ['self.log("val_loss", loss)', 'val_loss 3.2', undefined],
  ['print(f"mean_reward:{m:.2f} +/- {s:.2f}")', 'mean_reward:212.50 +/- 3.10', '212.50'],
  ["print('* Acc@1 {top1.global_avg:.3f} Acc@5 {x:.3f}')", '* Acc@1 71.203 Acc@5 90.117', '71.203'],
])('%s', (source, printed, value) => {
  const pattern = findMetric(new Map([['train.py', source]]), ['train.py'])?.pattern
  expect(pattern && new RegExp(pattern).exec(printed)?.[1]).toBe(value)
})

it.each([
  ['in the line', 'print(f"Validation: loss {x}")', 'validation_loss', true],
  ['in the name of the function', 'def validate(\n    model,\n):\n    print(f"loss {x}")', 'loss', true],
  ['in the name of another function', 'def train_latest():\n    print(f"loss {x}")', 'loss', false],
  ['nowhere', 'print(f"loss {x}")', 'loss', false],
])('knows what a loss was measured on, when it says so %s', (_, source, name, heldOut) => {
  expect(findMetric(new Map([['train.py', source]]), ['train.py'])).toMatchObject({ name, heldOut })
})

it('does not take the line of training for that of the evaluation', () => {
  const source = 'print(f"train epoch {n} loss {a}")\nprint(f"eval epoch {n} loss {b}")\n'
  const { pattern = '' } = findMetric(new Map([['train.py', source]]), ['train.py']) ?? {}
  expect(new RegExp(pattern).test('train epoch 3 loss 0.5')).toBe(false)
  expect(new RegExp(pattern).exec('eval epoch 3 loss 0.5')?.[1]).toBe('0.5')
})

it.each([
  [
    'print(f"iter {i}: loss {loss:.4f}, time {dt:.2f}ms")',
    'iter 10: loss 3.2100, time 25.00ms',
    '10',
    '3.2100',
  ],
  ['print(f"step {step:05d} | loss: {loss:.6f}")', 'step 00012 | loss: 4.321000', '00012', '4.321000'],
  [
    "print('Train Epoch: {} [{}/{}]\\tLoss: {:.6f}'.format(\n    epoch, a, b, loss))",
    'Train Epoch: 1 [640/60000]\tLoss: 2.2931',
    '1',
    '2.2931',
  ],
  ['printf("step %d: train loss %f\\n", step, loss);', 'step 3: train loss 4.60047', '3', '4.60047'],
  [
    "print('| epoch {:3d} | lr {:02.2f} | '\n      'loss {:5.2f}'.format(e, lr, l))",
    '| epoch   3 | lr 0.10 | loss  4.91',
    '3',
    '4.91',
  ],
  ['logger.info("Epoch %d, loss %.3f", e, l)', 'INFO Epoch 4, loss 0.250', '4', '0.250'],
  [
    'bar.set_postfix({"step": i // N, "loss": loss.item()})',
    '50%|## | 5/9 [00:01<00:01, 2.5it/s, step=4, loss=0.25]',
    '4',
    '0.25',
  ],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the source of another program
  ['console.log(`step ${i} loss ${l}`)', 'step 7 loss 1.5', '7', '1.5'],
])('progress: %s', (source, printed, step, value) => {
  const { pattern = 'none' } = findProgress(new Map([['train.py', source]]), ['train.py']) ?? {}
  expect(new RegExp(pattern).exec(printed)?.groups).toEqual({ step, value })
})

it.each([
  ['a loss without a step', 'print(f"loss {x}")'],
  ['the line of an evaluation', 'print(f"step {i} val loss {x}")'],
  ['a heading', 'print("step and loss")'],
])('progress: nothing in %s', (_, source) => {
  expect(findProgress(new Map([['train.py', source]]), ['train.py'])).toBeUndefined()
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
  ['in one with parameters on several lines', 'def report(\n    x,\n):\n    print(f"val_loss: {y}")', true],
])('knows whether a line is printed several times: %s', (_, source, repeated) => {
  expect(findMetric(new Map([['train.py', source]]), ['train.py'])?.repeated).toBe(repeated)
})
