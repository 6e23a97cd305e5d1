import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scratchTree } from '../files/scratch-tree.ts'
import { runIn } from './harness.ts'

const site = (line: string): string =>
  `server {\n  listen 443 ssl;\n  ssl_certificate /a;\n  ssl_certificate_key /b;\n${line}\n}\n`
const REASON = '-- old terminals in the shops'

async function reported(text: string, words: readonly string[] = ['.']) {
  const directory = scratchTree({ 'nginx.conf': site(text) })
  const { code, out } = await runIn(directory, [
    '-f',
    'json',
    '--only',
    'tls/weak-protocol,suppression',
    ...words,
  ])
  const { findings, suppressed, summary } = JSON.parse(out)
  return { code, findings, suppressed, summary, rules: findings.map(({ rule }: { rule: string }) => rule) }
}

test('a suppression takes a finding out of the report and of the exit code, and is shown with its reason', async () => {
  for (const text of [
    `  # deploy-audit-ignore tls/weak-protocol ${REASON}\n  ssl_protocols TLSv1;`,
    `  ssl_protocols TLSv1; # deploy-audit-ignore tls ${REASON}`,
    `  # deploy-audit-ignore-file tls/weak-protocol ${REASON}\n\n  ssl_protocols TLSv1;`,
  ]) {
    const { code, findings, suppressed, summary } = await reported(text)
    assert.equal([code, findings, summary.warning], [0, [], 0], text)
    assert.is(suppressed[0].rule, 'tls/weak-protocol')
    assert.is(suppressed[0].suppression.reason, 'old terminals in the shops')
    assert.is(suppressed[0].suppression.file, 'nginx.conf')
  }
})

test('a suppression accepts nothing at other lines, of other rules, or without a reason', async () => {
  const next = `  # deploy-audit-ignore tls/weak-protocol ${REASON}\n  server_name a;\n  ssl_protocols TLSv1;`
  assert.equal((await reported(next)).rules, ['suppression/unused', 'tls/weak-protocol'])
  const other = `  ssl_protocols TLSv1; # deploy-audit-ignore nginx/syntax ${REASON}`
  assert.equal((await reported(other)).rules, ['tls/weak-protocol'])
  const bare = '  ssl_protocols TLSv1; # deploy-audit-ignore tls/weak-protocol'
  const { code, rules } = await reported(bare)
  assert.equal([code, ...rules], [1, 'tls/weak-protocol', 'suppression/reason-missing'])
})

test('an unknown rule is named with the one that is meant, and its fix is in the report', async () => {
  const { findings } = await reported(`  # deploy-audit-ignore tls/weak-protocl ${REASON}\n  server_name a;`)
  const [{ message, fix }] = findings
  assert.is(message, 'no rule or group is called `tls/weak-protocl`: `tls/weak-protocol` is meant')
  assert.is(fix.edits[0].text, 'tls/weak-protocol')
  const renamed = await reported(`  # deploy-audit-ignore body-limits/inverted ${REASON}\n  server_name a;`)
  assert.is(renamed.findings[0].fix.edits[0].text, 'body-limits/apache-below-nginx')
})

test('whether a suppression is needed is told only where its rule ran, on all that belongs together', async () => {
  const unused = `  # deploy-audit-ignore tls/weak-protocol ${REASON}\n  server_name a;`
  assert.equal((await reported(unused)).rules, ['suppression/unused'])
  assert.equal((await reported(unused, ['nginx.conf'])).rules, [])
  const other = `  # deploy-audit-ignore wsgi/embedded-mode ${REASON}\n  server_name a;`
  assert.equal((await reported(other)).rules, [])
})

test('SARIF has what is suppressed with its justification, and no reader takes it for open', async () => {
  const directory = scratchTree({
    'nginx.conf': site(`  ssl_protocols TLSv1; # deploy-audit-ignore tls/weak-protocol ${REASON}`),
  })
  const { out } = await runIn(directory, ['-f', 'sarif', '--only', 'tls/weak-protocol', '.'])
  const [result] = JSON.parse(out).runs[0].results
  assert.is(result.suppressions[0].kind, 'inSource')
  assert.is(result.suppressions[0].justification, 'old terminals in the shops')
})

test('comments of Apache, Python, units and compose files accept what is found in them', async () => {
  const apache = scratchTree({
    'etc/apache2/apache2.conf':
      'ServerRoot /etc/apache2\nListen 80\n# deploy-audit-ignore apache/proxyrequests-on -- a forward proxy on purpose\nProxyRequests On\nLoadModule proxy_module x.so\nLoadModule proxy_http_module y.so\n',
  })
  const { out } = await runIn(apache, ['-f', 'json', '--only', 'apache/proxyrequests-on', '.'])
  const { findings, suppressed } = JSON.parse(out)
  assert.equal([findings.length, suppressed.length], [0, 1], out)
})

test('a reason is told without what it holds of secrets', async () => {
  const text = '  ssl_protocols TLSv1; # deploy-audit-ignore tls -- needs password=hunter2zz'
  assert.not.match(JSON.stringify(await reported(text)), /hunter2zz/)
})

test.run()
