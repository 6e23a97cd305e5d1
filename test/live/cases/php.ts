import type { LiveCase } from '../live-case.ts'

const SCRIPT = { 'srv/www/index.php': '<?php echo "the script runs";\n' }
const REQUEST = { url: 'http://example.org/index.php' } as const

export const cases: readonly LiveCase[] = [
  {
    rule: 'php/script-filename-missing',
    shows: 'PHP finds no script',
    files: SCRIPT,
    request: REQUEST,
    harm: ({ response, log }) => response.status === 404 && log.includes('Primary script unknown'),
    sound: ({ response }) => response.body === 'the script runs',
  },
  {
    rule: 'php/socket-permissions',
    shows: 'the socket of PHP-FPM is closed to nginx',
    files: SCRIPT,
    request: REQUEST,
    harm: ({ response, log }) => response.status === 502 && log.includes('failed (13: Permission denied)'),
    sound: ({ response }) => response.body === 'the script runs',
  },
  {
    rule: 'php/socket-permissions',
    shows: 'nor does another owner open it',
    examples: { bad: 1, good: 2 },
    files: SCRIPT,
    request: REQUEST,
    harm: ({ response, log }) => response.status === 502 && log.includes('failed (13: Permission denied)'),
    sound: ({ response }) => response.body === 'the script runs',
  },
  {
    rule: 'php/script-not-in-container',
    shows: 'the container of PHP has the scripts at another path',
    examples: { bad: 1, good: 1 },
    files: { 'src/index.php': '<?php echo "the script runs";\n' },
    request: REQUEST,
    harm: ({ response, log }) => response.status === 404 && log.includes('Primary script unknown'),
    sound: ({ response }) => response.body === 'the script runs',
  },
]
