import type { LiveCase } from '../live-case.ts'

export const cases: readonly LiveCase[] = [
  {
    rule: 'apache/htaccess-syntax',
    shows: 'every request to the folder is a 500 while the check calls the configuration good',
    files: { 'srv/www/page': 'page' },
    request: { url: 'http://example.org/page' },
    harm: ({ response, refused }) => response.status === 500 && refused.apache === null,
    sound: ({ response }) => response.body === 'page',
  },
]
