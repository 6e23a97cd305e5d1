import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runIn } from '../cli/harness.ts'
import { scratchTree } from '../files/scratch-tree.ts'

const MAIN = `ServerRoot /usr/local/apache2
LoadModule mpm_event_module modules/mod_mpm_event.so
LoadModule authz_core_module modules/mod_authz_core.so
Listen 80
ErrorLog \${APACHE_LOG_DIR}/error.log
`

/** What is found of a container of the official image, with these lines of its service. */
async function found(lines: string): Promise<readonly string[]> {
  const directory = scratchTree({
    'docker-compose.yml': `services:
  web:
    image: httpd:2.4
${lines}    volumes: ["./conf/httpd.conf:/usr/local/apache2/conf/httpd.conf:ro"]
`,
    'conf/httpd.conf': MAIN,
  })
  const { out } = await runIn(directory, ['--only', 'apache/variable-of-debian', '-f', 'json', '.'])
  const { findings } = JSON.parse(out)
  return findings.map(({ file, line }: { file: string; line: number }) => `${file}:${line}`)
}

test('nothing sets the variables of Debian in the official image', async () => {
  assert.equal(await found(''), ['conf/httpd.conf:5'])
})

test('a container may be given them, or start by something that sets them', async () => {
  assert.equal(await found('    environment: {APACHE_LOG_DIR: /var/log}\n'), [])
  assert.equal(await found('    env_file: [apache.env]\n'), [])
  assert.equal(await found('    command: /start.sh\n'), [])
})

test.run()
