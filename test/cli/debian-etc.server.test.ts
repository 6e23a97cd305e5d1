import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { runIn } from './harness.ts'

interface Finding {
  readonly rule: string
  readonly severity: string
  readonly file: string
}

test('Debian’s /etc as installed: both servers want port 80, and that is all', async () => {
  const { code, out, errors } = await runIn('/', [
    '/etc',
    '--no-config',
    '-f',
    'json',
    '--min-severity',
    'warning',
  ])
  assert.equal(errors, [])
  assert.is(code, 1)
  const report = JSON.parse(out)
  // Which versions are installed is Debian's to say: that they were read from its package database is ours.
  assert.equal(
    report.programs.map(({ version, ...program }: { readonly version: string }) => {
      assert.match(version, /^\d+\.\d+\.\d+$/)
      return program
    }),
    [
      {
        program: 'nginx',
        main: 'etc/nginx/nginx.conf',
        accepted: true,
        versionFrom: 'package-database',
      },
      {
        program: 'apache',
        main: 'etc/apache2/apache2.conf',
        accepted: true,
        versionFrom: 'package-database',
      },
    ],
  )
  assert.equal(
    report.findings.map(({ rule, severity, file }: Finding) => ({ rule, severity, file })),
    [{ rule: 'loopback/default-listen-left', severity: 'error', file: 'etc/apache2/ports.conf' }],
  )
})

test('resolve prints what both servers read, whole', async () => {
  const { code, out } = await runIn('/', ['resolve', '/etc', '--no-config'])
  assert.is(code, 0)
  assert.match(out, /# configuration file \/etc\/nginx\/sites-available\/default:/)
  assert.match(out, /^ *DocumentRoot \/var\/www\/html$/m)
})

test.run()
