import { posix } from 'node:path'
import type { Place } from '../../parsers/text/source.ts'
import { argumentPlace } from '../../src/deployment/places.ts'
import { conf } from '../../src/engine/conf.ts'
import { defineRule } from '../../src/engine/rule.ts'
import type { FileSystem } from '../../src/files/file-system.ts'
import type { ApacheConfiguration } from '../../src/servers/apache/configuration.ts'
import { apacheMain } from '../_examples.ts'
import { metAdvisories, readAdvisories, vulnerable } from './_advisories.ts'

/** Of mod_wsgi’s release notes. */
const ADVISORIES = readAdvisories<'client-ip-trusted'>(`
  CVE-2022-2255 4.0-4.9.2 4.9.3 client-ip-trusted important
`)

const SITE_PACKAGES = '/opt/env/lib/python3.9/site-packages'
const main = (lines: string): string =>
  apacheMain(conf`
    LoadModule wsgi_module «${SITE_PACKAGES}/mod_wsgi/server/mod_wsgi-py39.cpython-39-x86_64-linux-gnu.so»
    Listen 80
    ${lines}
  `)
const plain = (text: string): string => text.replaceAll(/[«»]/g, '')
const TRUST = conf`
  WSGITrustedProxies 192.0.2.1
  WSGITrustedProxyHeaders X-Client-IP
`
const installed = (version: string): Record<string, string> => ({
  [`opt/env/lib/python3.9/site-packages/mod_wsgi-${version}.dist-info/METADATA`]: conf`
    Name: mod_wsgi
    Version: ${version}
  `,
})

export default defineRule({
  summary: 'mod_wsgi has a known vulnerability that the configuration opens',
  severity: 'warning',
  confidence: 'high',
  securitySeverity: 7.5,
  cwe: [1395],
  since: '0.1.0',
  why: 'Before 4.9.3 an `X-Client-IP` header of a client that is no trusted proxy reaches the application, which takes it for the client’s address. It is said of the module that pip installed alone: that of a distribution has patches that its number does not tell.',
  remedy: 'Take mod_wsgi 4.9.3 or a later one, or trust `X-Forwarded-For` in its place',
  references: ['https://modwsgi.readthedocs.io/en/master/release-notes/version-4.9.3.html'],
  unproven: 'The tests have the mod_wsgi of a distribution, which is newer',
  bad: [
    {
      title: 'the header is trusted',
      files: { 'etc/apache2/apache2.conf': main(TRUST), ...installed('4.9.2') },
    },
  ],
  good: [
    {
      title: 'the release that has the fix',
      files: { 'etc/apache2/apache2.conf': plain(main(TRUST)), ...installed('4.9.4') },
    },
    {
      title: 'another header',
      files: {
        'etc/apache2/apache2.conf': plain(main(TRUST.replace('X-Client-IP', 'X-Forwarded-For'))),
        ...installed('4.9.2'),
      },
    },
    {
      title: 'the module of a distribution',
      files: {
        'etc/apache2/apache2.conf': apacheMain(['Listen 80', TRUST], ['wsgi']),
        ...installed('4.9.2'),
      },
    },
  ],
  *check(deployment) {
    for (const configuration of deployment.apache) {
      if (!configuration.occurrences.has('wsgitrustedproxyheaders')) continue
      const release = installedRelease(configuration, deployment.filesOf(configuration))
      if (release === null) continue
      const finding = vulnerable(
        'mod_wsgi',
        release,
        metAdvisories(ADVISORIES, release.version, () => trustedClientIp(configuration)),
        deployment,
      )
      if (finding !== null) yield finding
    }
  },
})

/** The release of a module that pip installed, as the directory beside it says. */
function installedRelease(
  { executed = [] }: ApacheConfiguration,
  files: FileSystem,
): { readonly version: string; readonly at: Place } | null {
  const line = executed.findLast(
    ({ name, args }) => name === 'LoadModule' && args[0]?.value === 'wsgi_module',
  )
  const path = line?.args[1]?.value ?? ''
  if (line === undefined || !/^\/.*\/site-packages\/mod_wsgi\/server\/[^/]+\.so$/.test(path)) return null
  const versions = (files.list(posix.join(path, '../../..')) ?? []).flatMap(
    ({ name }) => /^mod_wsgi-(\d+(?:\.\d+)+)(?:-[\w.-]+)?\.(?:dist|egg)-info$/.exec(name)?.[1] ?? [],
  )
  const [version] = versions
  return version === undefined || versions.length > 1 ? null : { version, at: argumentPlace(line, 1) }
}

function trustedClientIp({ occurrences }: ApacheConfiguration): Place | null {
  if (!occurrences.has('wsgitrustedproxies')) return null
  for (const line of occurrences.get('wsgitrustedproxyheaders') ?? []) {
    const index = line.args.findIndex(({ value }) => value.toLowerCase() === 'x-client-ip')
    if (index !== -1) return argumentPlace(line, index)
  }
  return null
}
