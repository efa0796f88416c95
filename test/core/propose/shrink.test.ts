import { expect, test } from 'vitest'
import { shrinkBrief } from '../../../src/core/propose/shrink.ts'

const long = (name: string) => `# ${name}\n\n${'All work and no play.\n'.repeat(400)}`

test('keeps short sections whole and gives long ones an equal share', () => {
  const brief = `# Rules\n\nBe brief.\n\n${long('Source')}\n${long('History')}\n# Goal\n\nLower.`
  const shrunk = shrinkBrief(brief, 8000)
  expect(shrunk.length).toBeLessThan(8100)
  expect(shrunk).toContain('# Rules\n\nBe brief.')
  expect(shrunk).toMatch(/# Goal\n\nLower\.$/)
  expect(shrunk.match(/lines left out/g)).toHaveLength(2)
})

test('does not change a brief that is short enough', () => {
  const brief = '# Rules\n\nBe brief.\n\n# Goal\n\nLower.'
  expect(shrinkBrief(brief, 10)).toBe(brief)
})

test('does not treat a source comment as a heading, and closes the code block that it cuts', () => {
  const source = `# Source\n\n\`\`\`\n${'# comment\nlr = 1\n'.repeat(600)}\`\`\``
  const shrunk = shrinkBrief(source, 3000)
  expect(shrunk.length).toBeLessThanOrEqual(3000)
  expect(shrunk.match(/^```$/gm)).toHaveLength(2)
})
