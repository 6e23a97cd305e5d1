import type { LiveCase } from '../live-case.ts'

export const cases: readonly LiveCase[] = [
  {
    rule: 'nginx/syntax',
    shows: 'nginx refuses the configuration',
    request: { url: 'http://example.org/' },
    harm: ({ refused }) => refused.nginx !== null,
    sound: ({ refused, response }) => refused.nginx === null && response.status !== 0,
  },
]
