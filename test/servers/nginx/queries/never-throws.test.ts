import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { memoryFileSystem } from '../../../../src/files/memory-file-system.ts'
import type { NginxConfiguration } from '../../../../src/servers/nginx/configuration.ts'
import { effective } from '../../../../src/servers/nginx/queries/effective.ts'
import { locationsOf } from '../../../../src/servers/nginx/queries/locations.ts'
import { maps, mapValues } from '../../../../src/servers/nginx/queries/maps.ts'
import { outcome } from '../../../../src/servers/nginx/queries/outcome.ts'
import { effectivePass, proxyTarget } from '../../../../src/servers/nginx/queries/proxy-target.ts'
import { externalReachability } from '../../../../src/servers/nginx/queries/reachability.ts'
import { headerFate, requestHeaders } from '../../../../src/servers/nginx/queries/request-headers.ts'
import {
  nameConflicts,
  selectServer,
  socketsOf,
} from '../../../../src/servers/nginx/queries/select-server.ts'
import { httpServers } from '../../../../src/servers/nginx/queries/servers.ts'
import { upstreams } from '../../../../src/servers/nginx/queries/upstreams.ts'
import { type Dice, dice, HOSTS, serverGroup, target } from '../../../live/generated-nginx.ts'
import { outcomeServer, outcomeTarget } from '../../../live/generated-outcomes.ts'
import { readFragments, readHttp } from './read-text.ts'

const FILES = memoryFileSystem({ '/www/index.html': '', '/www/a/b.html': '' }, { covers: ['/www'] })

function generated(random: Dice): string {
  let text =
    'upstream pool { server 127.0.0.1:1; keepalive 4; }\nmap $uri $kind { default other; ~\\.html$ html; hostnames; }\n'
  for (let count = 1 + random.roll(3); count > 0; count--)
    text += outcomeServer(
      random,
      'http://127.0.0.1:1',
      '/www',
      `127.0.0.1:${80 + random.roll(2)}`,
      `s${count}`,
    )
  return text + serverGroup(random, 80, 'g')
}

const SCRAPS = [
  '',
  ';',
  '{',
  '}',
  '"',
  ' ',
  '$',
  '~',
  '(',
  '\uE000',
  '=',
  '@',
  '/',
  'if ',
  'include x;',
  '[::',
  ':',
  'return ',
  '\n',
]

function broken(random: Dice, text: string): string {
  let result = text
  for (let count = random.roll(6); count > 0; count--) {
    const at = random.roll(result.length)
    result = result.slice(0, at) + random.pick(SCRAPS) + result.slice(at + random.roll(12))
  }
  return result
}

function askEverything(configuration: NginxConfiguration, random: Dice): number {
  let asked = 0
  nameConflicts(configuration)
  upstreams(configuration)
  for (const map of maps(configuration).values()) mapValues(map)
  for (let count = 0; count < 4; count++)
    selectServer(configuration, { host: random.pick(HOSTS), port: random.pick([80, 81, null]) })
  for (const server of httpServers(configuration)) {
    socketsOf(configuration, server)
    for (const block of [server, ...locationsOf(server)]) {
      for (const name of ['root', 'allow', 'proxy_set_header', 'add_header', 'try_files', 'internal'])
        effective(configuration, block, name)
      externalReachability(configuration, block)
      const headers = requestHeaders(configuration, block)
      if (headers.known) headerFate(headers.value, 'Host')
      const pass = effectivePass(configuration, block)
      if (pass !== null) proxyTarget(configuration, pass)
    }
    for (let count = 0; count < 4; count++) {
      const request = {
        method: random.pick(['GET', 'POST', 'HEAD', 'DELETE']),
        target: random.once(2) ? target(random) : outcomeTarget(random),
        host: random.pick(HOSTS),
        scheme: random.pick(['http', 'https'] as const),
        port: random.pick([80, 443, null]),
      }
      const { end } = outcome(configuration, server, request, { files: random.once(3) ? null : FILES })
      assert.type(end.kind, 'string')
      asked++
    }
  }
  return asked
}

test('no configuration, whole or broken, makes a question fail', () => {
  const random = dice(99)
  let asked = 0
  for (let count = 0; count < 250; count++) {
    const text = broken(random, generated(random))
    asked += askEverything(random.once(3) ? readFragments({ '/site.conf': text }) : readHttp(text), random)
  }
  assert.ok(asked > 2000, `${asked} requests followed`)
})

test.run()
