import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ComposeProject, ComposeService } from '../../../parsers/compose/compose.ts'
import { givenVariables } from '../../../parsers/compose/given-variables.ts'
import { composeFilesIn, readCompose } from '../../../parsers/compose/read-project.ts'
import type { Fact } from '../../../parsers/text/fact.ts'
import { placeText, type Source, textSource } from '../../../parsers/text/source.ts'
import { factOf } from '../../../parsers/text/written-text.ts'

function reader(files: Readonly<Record<string, string>>): (path: string) => Source | null {
  const sources = new Map(Object.entries(files).map(([path, text]) => [path, textSource(path, text)]))
  return path => sources.get(path) ?? null
}

function project(files: Readonly<Record<string, string>>, ...names: string[]): ComposeProject {
  const read = reader(files)
  const [first = '', ...others] = names.length === 0 ? Object.keys(files) : names
  return readCompose([read(first)!, ...others.map(name => read(name)!)], { read })
}

/** The service `a` of one file at `/app/compose.yml`, its body indented by two blanks. */
function service(body: string, more: Readonly<Record<string, string>> = {}): ComposeService {
  const found = project(
    { '/app/compose.yml': `services:\n  a:\n${body.replace(/^/gm, '    ')}\n`, ...more },
    '/app/compose.yml',
  )
  return found.services.get('a')!
}

/** The value, `?` where it is unknown. */
function value<T>(fact: Fact<T> | null): T | '?' | null {
  return fact === null ? null : fact.known ? fact.value : '?'
}

function ports(body: string) {
  return service(body).ports.map(port => [
    value(port.hostIp),
    range(port.published),
    range(port.target),
    value(port.protocol),
  ])
}

function range(fact: Fact<{ first: number; last: number }> | null): string | null {
  if (fact === null) return null
  if (!fact.known) return '?'
  return fact.value.first === fact.value.last
    ? `${fact.value.first}`
    : `${fact.value.first}-${fact.value.last}`
}

test('ports in every short form', () => {
  assert.equal(
    ports(`ports:
  - 3000
  - "8080:80"
  - 8081:81
  - "127.0.0.1:8001:8001"
  - "127.0.0.1::8002"
  - "[::1]:8003:80/udp"
  - "9090-9091:8080-8081"
  - "3000-3005"
  - "6060:6060/udp"
  - "\${P}:80"
  - "\${P:-8088}:80"
  - "\${ALL}"
  - "\${IP}:80:80"
  - "70000:80"
  - "\${B:-127.0.0.1}:\${P:-8089}:\${Q}"`),
    [
      [null, null, '3000', 'tcp'],
      [null, '8080', '80', 'tcp'],
      [null, '8081', '81', 'tcp'],
      ['127.0.0.1', '8001', '8001', 'tcp'],
      ['127.0.0.1', null, '8002', 'tcp'],
      ['::1', '8003', '80', 'udp'],
      [null, '9090-9091', '8080-8081', 'tcp'],
      [null, null, '3000-3005', 'tcp'],
      [null, '6060', '6060', 'udp'],
      ['?', '?', '80', 'tcp'],
      [null, '8088', '80', 'tcp'],
      ['?', '?', '?', 'tcp'],
      ['?', '80', '80', 'tcp'],
      [null, '?', '80', 'tcp'],
      ['127.0.0.1', '8089', '?', 'tcp'],
    ],
  )
})

test('an address in the place of a port is one', () => {
  assert.equal(ports('ports:\n  - "${BIND:-127.0.0.1}:80"\n  - "127.0.0.1:81"'), [
    ['127.0.0.1', null, '80', 'tcp'],
    ['127.0.0.1', null, '81', 'tcp'],
  ])
})

test('ports in the long form', () => {
  assert.equal(
    ports(
      'ports:\n  - target: 80\n    host_ip: 127.0.0.1\n    published: "8080"\n    protocol: udp\n  - {target: 81}\n  - {published: 9}',
    ),
    [
      ['127.0.0.1', '8080', '80', 'udp'],
      [null, null, '81', 'tcp'],
    ],
  )
})

test('each part of a port is found where it was written', () => {
  const [port] = service('ports:\n  - "127.0.0.1:${P:-8001}:8080/tcp"').ports
  assert.is(placeText(port!.at), '127.0.0.1:${P:-8001}:8080/tcp')
  assert.is(placeText(port!.hostIp!.at!), '127.0.0.1')
  assert.is(placeText(port!.published!.at!), '8001')
  assert.is(placeText(port!.target.at!), '8080')
  assert.is(placeText(port!.protocol.at!), 'tcp')
})

test('exposed ports', () => {
  assert.equal(
    service('expose: ["8000", 8001, "53/udp", "1-2"]').expose.map(({ port, protocol }) => [
      range(port),
      value(protocol),
    ]),
    [
      ['8000', 'tcp'],
      ['8001', 'tcp'],
      ['53', 'udp'],
      ['1-2', 'tcp'],
    ],
  )
})

test('volumes in both forms', () => {
  const { volumes, tmpfs } = service(`volumes:
  - ./nginx:/etc/nginx/conf.d/:ro,z
  - ../shared:/shared
  - /srv/x:/x
  - static:/static
  - /anonymous
  - ~/home:/h
  - \${DATA}:/d
  - \${DATA:-./data}/x:/e
  - type: bind
    source: ./f
    target: /f
    read_only: true
  - {type: volume, source: v, target: /v, volume: {subpath: sub}}
  - {type: tmpfs, target: /t}
  - {type: npipe, source: x, target: /y}
  - ../../../far:/far
tmpfs: /run`)
  assert.equal(
    volumes.map(({ kind, source, target, readOnly }) => [
      kind,
      value(source),
      value(target),
      value(readOnly),
    ]),
    [
      ['bind', '/app/nginx', '/etc/nginx/conf.d', true],
      ['bind', '/shared', '/shared', false],
      ['bind', '/srv/x', '/x', false],
      ['volume', 'static', '/static', false],
      ['volume', null, '/anonymous', false],
      ['bind', '?', '/h', false],
      ['unknown', '?', '/d', false],
      ['bind', '/app/data/x', '/e', false],
      ['bind', '/app/f', '/f', true],
      ['volume', 'v', '/v', false],
      ['tmpfs', null, '/t', false],
      ['other', 'x', '/y', false],
      ['bind', '?', '/far', false],
    ],
  )
  assert.equal(tmpfs.map(value), ['/run'])
  assert.is(value(volumes[9]!.subpath), 'sub')
})

test('commands as text, folded text and list', () => {
  const words = (body: string) => service(body).command?.words.map(({ text }) => text)
  assert.equal(words(`command: gunicorn "a b" -b 'x y' c\\ d`), ['gunicorn', 'a b', '-b', 'x y', 'c d'])
  assert.equal(words('command: >-\n  gunicorn app:app\n  --bind 0.0.0.0:8000'), [
    'gunicorn',
    'app:app',
    '--bind',
    '0.0.0.0:8000',
  ])
  assert.equal(words('command: ["sh", "-c", "a && b $$X"]'), ['sh', '-c', 'a && b $X'])
  assert.equal(words('command: python manage.py migrate && gunicorn x'), ['python', 'manage.py', 'migrate'])
  assert.equal(words('command: []'), [])
  assert.is(service('command:').command, null)
  const command = service('command: gunicorn -b ${BIND} app').command!
  assert.equal(
    command.words.map(word => value(factOf(word))),
    ['gunicorn', '-b', '?', 'app'],
  )
  assert.is(placeText(factOf(command.words[2]!).at!), '${BIND}')
})

test('environment, labels and arguments as map and as list', () => {
  const { environment, labels, build } = service(`environment:
  A: 1
  B:
  C: "\${X:-y}"
  D: true
labels: ["traefik.port=80", bare]
build:
  args:
    V: 3`)
  const pairs = (all: ComposeService['labels']) =>
    all.map(each => [each.name, value(each.value), placeText(each.at)])
  assert.equal(pairs(environment), [
    ['A', '1', 'A: 1'],
    ['B', null, 'B:'],
    ['C', 'y', 'C: "${X:-y}"'],
    ['D', 'true', 'D: true'],
  ])
  assert.equal(pairs(labels), [
    ['traefik.port', '80', 'traefik.port=80'],
    ['bare', null, 'bare'],
  ])
  assert.equal(pairs(build!.args), [['V', '3', 'V: 3']])
  assert.equal(pairs(service('environment:\n  - A=b=c\n  - B\n  - C=').environment), [
    ['A', 'b=c', 'A=b=c'],
    ['B', null, 'B'],
    ['C', '', 'C='],
  ])
})

test('build, networks, links, hosts and what else a service says', () => {
  const found = service(`build:
  context: ./app
  dockerfile: docker/Dockerfile.prod
  target: run
networks:
  front:
    aliases: [api, www]
    ipv4_address: 10.0.0.2
  back:
network_mode: host
links: ["db:database", cache]
external_links: ["old:legacy"]
extra_hosts: ["a.test:10.0.0.1", "b.test=::1"]
hostname: h
container_name: c
domainname: d
user: "33:33"
working_dir: /srv
profiles: [debug]
env_file:
  - .env.prod
  - {path: ./missing.env, required: false}
depends_on:
  db: {condition: service_healthy}
volumes_from: ["data:ro"]
configs:
  - plain
  - {source: site, target: /etc/nginx/conf.d/default.conf}
secrets: [key]`)
  assert.is(value(found.build!.context), '/app/app')
  assert.is(value(found.build!.dockerfile), 'docker/Dockerfile.prod')
  assert.is(value(found.build!.target), 'run')
  assert.equal(
    found.networks!.map(({ network, aliases, address }) => [
      value(network),
      aliases.map(value),
      value(address),
    ]),
    [
      ['front', ['api', 'www'], '10.0.0.2'],
      ['back', [], null],
    ],
  )
  assert.is(value(found.networkMode), 'host')
  assert.equal(
    found.links.map(({ target, alias }) => [value(target), value(alias)]),
    [
      ['db', 'database'],
      ['cache', 'cache'],
    ],
  )
  assert.equal(
    found.externalLinks.map(({ target, alias }) => [value(target), value(alias)]),
    [['old', 'legacy']],
  )
  assert.equal(
    found.extraHosts.map(({ name, address }) => [value(name), value(address)]),
    [
      ['a.test', '10.0.0.1'],
      ['b.test', '::1'],
    ],
  )
  assert.equal(
    [found.hostname, found.containerName, found.domainName, found.user, found.workingDirectory].map(value),
    ['h', 'c', 'd', '33:33', '/srv'],
  )
  assert.equal(found.profiles.map(value), ['debug'])
  assert.equal(
    found.envFiles.map(({ path, required }) => [value(path), required]),
    [
      ['/app/.env.prod', true],
      ['/app/missing.env', false],
    ],
  )
  assert.equal(
    found.dependsOn.map(({ service: other }) => value(other)),
    ['db'],
  )
  assert.equal(found.volumesFrom.map(value), ['data:ro'])
  assert.equal(
    found.configs.map(({ source, target }) => [value(source), value(target)]),
    [
      ['plain', '/plain'],
      ['site', '/etc/nginx/conf.d/default.conf'],
    ],
  )
  assert.equal(
    found.secrets.map(({ source, target }) => [value(source), value(target)]),
    [['key', '/run/secrets/key']],
  )
})

test('a build may be a path, a URL or nothing but options', () => {
  assert.is(value(service('build: .').build!.context), '/app')
  assert.is(
    value(service('build: https://example.org/x.git#main').build!.context),
    'https://example.org/x.git#main',
  )
  assert.is(value(service('build: {target: x}').build!.context), '/app')
  assert.is(value(service('build: ${CONTEXT}').build!.context), '?')
  assert.is(service('image: x').build, null)
})

test('networks: none written, none given, all written', () => {
  assert.is(service('image: x').networks, null)
  assert.equal(
    service('networks: [a, b]').networks!.map(({ network }) => value(network)),
    ['a', 'b'],
  )
  assert.equal(service('networks:').networks, [])
})

test('.env beside the file fills in variables, the shell decides the others', () => {
  const more = { '/app/.env': 'TAG=1.22\nPORT=8080\nEMPTY=\n' }
  assert.is(value(service('image: nginx:$TAG', more).image), 'nginx:1.22')
  assert.is(value(service('image: nginx:${NOBODY}', more).image), '?')
  assert.is(value(service('image: "${EMPTY:-a}${EMPTY-b}${TAG:+c}${NOBODY:+d}"', more).image), 'ac')
  assert.is(value(service('image: "${TAG:?needed}${X:-${PORT:-y}}"', more).image), '1.228080')
  assert.is(value(service('image: "${X?needed}"', more).image), '?')
  assert.is(value(service('image: "${unclosed"', more).image), '?')
  assert.is(value(service('image: "$"', more).image), '?')
  assert.is(value(service('image: "a$$b"', more).image), 'a$b')
})

test('anchors, merge keys and x- extensions', () => {
  const found = project({
    '/compose.yml': `x-base: &base
  restart: always
  environment: &env {A: 1, B: 2}
services:
  web:
    <<: *base
    environment:
      <<: *env
      B: 3
`,
  }).services.get('web')!
  assert.equal(
    found.environment.map(each => [each.name, value(each.value)]),
    [
      ['B', '3'],
      ['A', '1'],
    ],
  )
})

test('an override is laid over the main file as Compose does', () => {
  const found = project({
    '/a/docker-compose.yml': `services:
  web:
    image: one
    command: [a, b]
    ports: ["80:80"]
    environment: {A: 1, B: 1}
    volumes: ["./x:/x", "y:/y"]
    networks: [front]
    build: .
    depends_on: [db]
  db: {image: postgres}
`,
    '/a/docker-compose.override.yml': `services:
  web:
    image: two
    command: c
    ports: ["80:80", "443:443"]
    environment: ["B=2", "C=2"]
    volumes: ["./z:/x"]
    networks: {front: {aliases: [w]}, back: }
    build: {dockerfile: Prod}
    depends_on: {cache: {condition: service_started}}
  cache: {image: redis}
`,
  })
  const web = found.services.get('web')!
  assert.equal([...found.services.keys()], ['web', 'db', 'cache'])
  assert.is(value(web.image), 'two')
  assert.equal(
    web.command!.words.map(({ text }) => text),
    ['c'],
  )
  assert.equal(
    web.ports.map(({ published }) => range(published)),
    ['80', '443'],
  )
  assert.equal(
    web.environment.map(each => [each.name, value(each.value)]),
    [
      ['A', '1'],
      ['B', '2'],
      ['C', '2'],
    ],
  )
  assert.equal(
    web.volumes.map(({ source, target }) => [value(source), value(target)]),
    [
      ['/a/z', '/x'],
      ['y', '/y'],
    ],
  )
  assert.equal(
    web.networks!.map(({ network, aliases }) => [value(network), aliases.length]),
    [
      ['front', 1],
      ['back', 0],
    ],
  )
  assert.is(value(web.build!.context), '/a')
  assert.is(value(web.build!.dockerfile), 'Prod')
  assert.equal(
    web.dependsOn.map(({ service: other }) => value(other)),
    ['db', 'cache'],
  )
  assert.equal(
    web.keys.map(({ source }) => source.path),
    ['/a/docker-compose.yml', '/a/docker-compose.override.yml'],
  )
  assert.equal(web.at.source.path, '/a/docker-compose.override.yml')
})

test('!reset and !override', () => {
  const base = 'services:\n  web: {image: x, ports: ["1:1"], environment: {A: 1}, command: c}\n'
  const over =
    'services:\n  web:\n    ports: !override ["2:2"]\n    environment: !reset {}\n    command: !reset null\n'
  const web = project({ '/a.yml': base, '/b.yml': over }).services.get('web')!
  assert.equal(
    web.ports.map(({ published }) => range(published)),
    ['2'],
  )
  assert.equal(web.environment, [])
  assert.is(web.command, null)
})

test('a service that a later file takes away, and one that it writes anew', () => {
  const base = 'services:\n  web: {image: x, command: c}\n  worker: {image: x}\n  mail: {image: m, user: u}\n'
  const over = 'services:\n  worker: !reset\n  mail: !override {image: n}\n'
  const { services } = project({ '/a.yml': base, '/b.yml': over })
  assert.equal([...services.keys()].sort(), ['mail', 'web'])
  assert.is(services.get('mail')!.user, null)
})

test('extends, in the file and from another, whose paths are its own', () => {
  const found = project(
    {
      '/app/compose.yml': `services:
  base: {image: x, volumes: ["./a:/a"], environment: {A: 1, B: 1}}
  web: {extends: base, environment: {B: 2}}
  api:
    extends: {file: ../common/base.yml, service: worker}
    command: run
`,
      '/common/base.yml':
        'services:\n  root: {image: y}\n  worker: {extends: {service: root}, volumes: ["./d:/d"], command: idle}\n',
    },
    '/app/compose.yml',
  )
  const web = found.services.get('web')!
  assert.is(value(web.image), 'x')
  assert.equal(
    web.environment.map(each => [each.name, value(each.value)]),
    [
      ['A', '1'],
      ['B', '2'],
    ],
  )
  const api = found.services.get('api')!
  assert.is(value(api.image), 'y')
  assert.is(value(api.volumes[0]!.source), '/common/d')
  assert.equal(
    api.command!.words.map(({ text }) => text),
    ['run'],
  )
  assert.is(found.complete, true)
  assert.equal(
    found.sources.map(({ path }) => path),
    ['/app/compose.yml', '/common/base.yml'],
  )
})

test('an extends that cannot be followed makes the service incomplete, a circle ends', () => {
  const found = project({
    '/c.yml':
      'services:\n  a: {extends: {file: no.yml, service: x}, image: i}\n  b: {extends: c}\n  c: {extends: b}\n',
  })
  assert.is(found.services.get('a')!.complete, false)
  assert.is(value(found.services.get('a')!.image), 'i')
  assert.is(found.services.get('b')!.complete, false)
  assert.is(found.complete, false)
})

test('include brings another project with its own directory and .env', () => {
  const found = project(
    {
      '/app/compose.yml':
        'include:\n  - sub/compose.yml\n  - {path: [./two/a.yml, ./two/b.yml], project_directory: .}\nservices:\n  web: {image: w}\n',
      '/app/sub/compose.yml': 'services:\n  sub: {image: "${V:-none}", volumes: ["./x:/x"]}\n',
      '/app/sub/.env': 'V=sub\n',
      '/app/two/a.yml': 'services:\n  two: {image: a, volumes: ["./y:/y"]}\n',
      '/app/two/b.yml': 'services:\n  two: {image: b}\n',
    },
    '/app/compose.yml',
  )
  assert.equal([...found.services.keys()], ['sub', 'two', 'web'])
  assert.is(value(found.services.get('sub')!.image), 'sub')
  assert.is(value(found.services.get('sub')!.volumes[0]!.source), '/app/sub/x')
  assert.is(value(found.services.get('two')!.image), 'b')
  assert.is(value(found.services.get('two')!.volumes[0]!.source), '/app/y')
})

test('an include that leads to itself ends', () => {
  const found = project({ '/c.yml': 'include: [c.yml]\nservices:\n  a: {image: x}\n' })
  assert.equal([...found.services.keys()], ['a'])
})

test('the first format: services at the root', () => {
  const found = project({
    '/docker-compose.yml': 'web:\n  build: .\n  links: [db]\n  net: host\ndb:\n  image: postgres\n',
  })
  assert.is(found.legacy, true)
  assert.equal([...found.services.keys()], ['web', 'db'])
  assert.is(value(found.services.get('web')!.networkMode), 'host')
  assert.is(project({ '/x.yml': 'a: {b: c}\n' }).services.size, 0)
})

test('top-level names', () => {
  const found = project({
    '/c.yml': `name: shop
services: {}
networks:
  front: {external: true, name: proxy}
  back:
  old: {external: {name: legacy}}
volumes:
  data: {driver: local, driver_opts: {device: /srv/data, o: bind}}
configs:
  site: {file: ./nginx.conf}
  text: {content: "server {}"}
`,
  })
  assert.is(value(found.name), 'shop')
  assert.equal(
    [...found.networks.values()].map(({ key, name, external }) => [key, value(name), external]),
    [
      ['front', 'proxy', true],
      ['back', null, false],
      ['old', 'legacy', true],
    ],
  )
  assert.is(value(found.volumes.get('data')!.device), '/srv/data')
  assert.is(value(found.configs.get('site')!.file), '/nginx.conf')
  assert.is(value(found.configs.get('text')!.content), 'server {}')
})

test('the files of a directory', () => {
  const names = (files: Readonly<Record<string, string>>) =>
    composeFilesIn('/a', { read: reader(files) }).map(({ path }) => path)
  assert.equal(names({ '/a/docker-compose.yml': '', '/a/compose.yaml': '' }), ['/a/compose.yaml'])
  assert.equal(names({ '/a/docker-compose.yml': '', '/a/docker-compose.override.yaml': '' }), [
    '/a/docker-compose.yml',
    '/a/docker-compose.override.yaml',
  ])
  assert.equal(
    names({
      '/a/docker-compose.yml': '',
      '/a/prod.yml': '',
      '/a/.env': 'COMPOSE_FILE=docker-compose.yml:prod.yml',
    }),
    ['/a/docker-compose.yml', '/a/prod.yml'],
  )
  assert.equal(names({ '/b/compose.yml': '' }), [])
})

test('names of JavaScript are ordinary names', () => {
  const found = project({
    '/c.yml': 'services:\n  constructor: {image: x}\n  __proto__: {image: y, environment: {toString: 1}}\n',
  })
  assert.equal([...found.services.keys()], ['constructor', '__proto__'])
  assert.equal(
    found.services.get('__proto__')!.environment.map(({ name }) => name),
    ['toString'],
  )
})

test('what has the wrong shape is passed over', () => {
  const found = project({
    '/c.yml': `services:
  a: text
  b: [list]
  c:
    image: [x]
    ports: {a: b}
    volumes: text
    networks: text
    environment: 3
    depends_on: 3
    build: [x]
    command: {a: b}
    extends: {file: x}
    env_file: {path: [x]}
    configs: {a: b}
networks: [x]
volumes: text
include: {a: b}
`,
  })
  assert.equal([...found.services.keys()], ['c'])
  assert.is(found.services.get('c')!.image, null)
  assert.equal(project({ '/c.yml': 'services: [a]\n' }).services.size, 0)
  assert.is(project({ '/c.yml': 'a: [\n' }).complete, false)
})

test('what files of variables set is given before what the service says itself', () => {
  const read = service('env_file: [.env, more.env, missing.env]\nenvironment: { A: own }', {
    '/app/.env': 'A=1\nB=1\nC=1\n',
    '/app/more.env': 'C=2\n',
  })
  assert.equal(
    givenVariables(read).map(variable => `${variable.name}=${value(variable.value)}`),
    ['B=1', 'C=2', 'A=own'],
  )
  assert.is(read.environment.length, 1)
  assert.equal(givenVariables(null), [])
})

test.run()
