import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ComposeService } from '../../../parsers/compose/compose.ts'
import { serviceOf } from '../../../parsers/docker-run/started-container.ts'
import { readQuadlet } from '../../../parsers/docker-run/read-quadlet.ts'
import type { Fact } from '../../../parsers/text/fact.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { conf } from '../../../src/engine/conf.ts'

const DIRECTORY = '/etc/containers/systemd'

function service(text: string, name = 'web.container'): ComposeService | null {
  const read = readQuadlet(textSource(`${DIRECTORY}/${name}`, text), name)
  return read === null ? null : serviceOf(read, null, DIRECTORY)
}

/** The value, `?` where it is unknown. */
function value<T>(fact: Fact<T> | null): T | '?' | null {
  return fact === null ? null : fact.known ? fact.value : '?'
}

test('the settings of a container are those of a service', () => {
  const web = service(conf`
    [Unit]
    Description=The site

    [Container]
    Image=docker.io/library/nginx:1.27
    ContainerName=web
    Network=shop.network:alias=www
    PublishPort=80:80
    Environment=A=b "C=d e"
    EnvironmentFile=web.env
    Volume=./site:/etc/nginx/conf.d:ro,Z
    Volume=%h/data:/data
    Volume=cache.volume:/cache
    Exec=nginx -g "daemon off;"
    HealthCmd=curl -f http://localhost
    PodmanArgs=--user 101

    [Service]
    Restart=always
  `)!
  assert.is(web.name, 'web')
  assert.equal(
    web.networks!.map(each => [value(each.network), ...each.aliases.map(value)]),
    [['shop.network', 'www']],
  )
  assert.equal(
    web.ports.map(({ target }) => value(target)),
    [{ first: 80, last: 80 }],
  )
  assert.equal(
    web.environment.map(each => [each.name, value(each.value)]),
    [
      ['A', 'b'],
      ['C', 'd e'],
    ],
  )
  assert.equal(
    web.envFiles.map(({ path }) => value(path)),
    [`${DIRECTORY}/web.env`],
  )
  assert.equal(
    web.volumes.map(({ kind, source }) => [kind, value(source)]),
    [
      ['bind', `${DIRECTORY}/site`],
      ['bind', '/root/data'],
      ['volume', 'cache.volume'],
    ],
  )
  assert.equal(
    web.command!.words.map(({ text }) => text),
    ['nginx', '-g', 'daemon off;'],
  )
  assert.equal([web.restart, web.user].map(value), ['always', '101'])
  assert.ok(web.healthcheck!.shell)
})

test('Podman names a container after its unit', () => {
  assert.is(service('[Container]\nImage=nginx\n')!.name, 'systemd-web')
  assert.not(service('[Container]\nImage=nginx\n', 'web@.container')!.complete)
})

test('a pod, and another container, share their network; an image of a unit is unknown', () => {
  assert.is(value(service('[Container]\nImage=nginx\nPod=shop.pod\n')!.networkMode), '?')
  assert.is(value(service('[Container]\nImage=nginx\nNetwork=db.container\n')!.networkMode), 'container:db')
  assert.is(value(service('[Container]\nImage=shop.build\n')!.image), '?')
  assert.is(service('[Container]\nExec=a\n'), null)
})

test.run()
