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
    rule: 'php/pool-refused',
    shows: 'FPM does not start',
    files: SCRIPT,
    request: REQUEST,
    harm: ({ response, logNow }) => response.status === 502 && logNow().includes('FPM initialization failed'),
    sound: ({ response }) => response.body === 'the script runs',
  },
  {
    rule: 'php/pool-refused',
    shows: 'nor with two pools of one socket',
    examples: { bad: 3 },
    files: SCRIPT,
    request: REQUEST,
    harm: ({ response, logNow }) => response.status === 502 && logNow().includes('FPM initialization failed'),
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
  {
    rule: 'php/script-filename-missing',
    shows: 'with no method either the page is empty',
    examples: { bad: 1 },
    files: SCRIPT,
    request: REQUEST,
    harm: ({ response }) => response.status === 200 && response.body === '',
    sound: ({ response }) => response.body === 'the script runs',
  },
  {
    rule: 'php/request-method-missing',
    shows: 'PHP answers with an empty page',
    files: SCRIPT,
    request: REQUEST,
    harm: ({ response }) => response.status === 200 && response.body === '',
    sound: ({ response }) => response.body === 'the script runs',
  },
  {
    rule: 'php/script-filename-fixed',
    shows: 'PHP finds no script',
    files: SCRIPT,
    request: REQUEST,
    harm: ({ response, log }) => response.status === 404 && log.includes('Primary script unknown'),
    sound: ({ response }) => response.body === 'the script runs',
  },
  ...[
    { bad: 0, good: 1, shows: 'after try_files nothing is left of the URI', status: 200 },
    { bad: 1, good: 0, shows: 'without the directive PHP is told of no PATH_INFO', status: 200 },
    { bad: 2, good: 1, shows: 'no file has the whole URI as its name', status: 404 },
  ].map(
    ({ bad, good, shows, status }): LiveCase => ({
      rule: 'php/path-info-empty',
      shows,
      examples: { bad, good },
      files: { 'srv/www/index.php': '<?php echo "[", $_SERVER["PATH_INFO"] ?? "", "]";\n' },
      request: { url: 'http://example.org/index.php/users/7' },
      harm: ({ response }) => response.status === status && response.body !== '[/users/7]',
      sound: ({ response }) => response.body === '[/users/7]',
    }),
  ),
]
