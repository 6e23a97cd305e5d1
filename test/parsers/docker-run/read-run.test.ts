import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ComposeService } from '../../../parsers/compose/compose.ts'
import { readBuildCommand } from '../../../parsers/docker-run/read-build.ts'
import { readRun } from '../../../parsers/docker-run/read-run.ts'
import { serviceOf } from '../../../parsers/docker-run/started-container.ts'
import { plainCommands } from '../../../parsers/shell/plain-commands.ts'
import type { Fact } from '../../../parsers/text/fact.ts'
import { placeText, textSource } from '../../../parsers/text/source.ts'
import { wholeText, type WrittenText } from '../../../parsers/text/written-text.ts'

function words(command: string): readonly WrittenText[] {
  const [first] = plainCommands(wholeText(textSource('/run.sh', command)))
  return first?.words ?? []
}

function run(options: string, directory: string | null = '/srv') {
  const all = words(`docker run ${options}`)
  const read = readRun(all[0]!, all.slice(2))!
  return { ...read, service: serviceOf(read, null, directory) }
}

const service = (options: string, directory: string | null = '/srv'): ComposeService =>
  run(options, directory).service

/** The value, `?` where it is unknown. */
function value<T>(fact: Fact<T> | null): T | '?' | null {
  return fact === null ? null : fact.known ? fact.value : '?'
}

const texts = (command: ComposeService['command']): readonly string[] | null =>
  command === null ? null : command.words.map(({ text }) => text)

test('the image is the first word that no option takes', () => {
  for (const options of [
    '-d nginx',
    '--detach --name web nginx',
    '-itd nginx',
    '-dp 80:80 nginx',
    '-p80:80 -e A=b nginx',
    '--restart=always --memory 1g --log-opt max-size=1m --cpus 2 nginx',
    '--ulimit nofile=1:2 --gpus all --init --rm --privileged -u 1000:1000 nginx',
    '-d -- nginx',
  ])
    assert.is(value(service(options).image), 'nginx', options)
  assert.is(readRun(words('docker run')[0]!, words('docker run -d').slice(2)), null)
})

test('what runs in the background, and what is removed', () => {
  const flags = (options: string) => [run(options).isDetached, run(options).isRemoved]
  assert.equal(flags('-d nginx'), [true, false])
  assert.equal(flags('-itd --rm nginx'), [true, true])
  assert.equal(flags('--detach=false nginx'), [false, false])
  assert.equal(flags('-it nginx -d'), [false, false])
})

test('options are those of a service', () => {
  const found = service(
    `-d --name web -p 127.0.0.1:8080:80/tcp --publish 443:443 -e A=b --env 'C=d e' -e F --env-file ./prod.env
     -v ./site:/etc/nginx/conf.d:ro -v data:/data --mount type=bind,source=/srv/x,target=/x,readonly --tmpfs /run:size=1m
     --restart unless-stopped -u 101 -w /app --entrypoint /start -h web1 --add-host db:10.0.0.5 --read-only
     -l traefik.enable=true --link db:database --health-cmd 'curl -f localhost' nginx:1.27 nginx -g 'daemon off;'`.replace(
      /\n\s+/g,
      ' ',
    ),
  )
  assert.is(found.name, 'web')
  assert.equal(
    found.ports.map(({ hostIp, published, target }) => [value(hostIp), value(published), value(target)]),
    [
      ['127.0.0.1', { first: 8080, last: 8080 }, { first: 80, last: 80 }],
      [null, { first: 443, last: 443 }, { first: 443, last: 443 }],
    ],
  )
  assert.equal(
    found.environment.map(each => [each.name, value(each.value)]),
    [
      ['A', 'b'],
      ['C', 'd e'],
      ['F', null],
    ],
  )
  assert.equal(
    found.envFiles.map(({ path }) => value(path)),
    ['/srv/prod.env'],
  )
  assert.equal(
    found.volumes.map(({ kind, source, target, readOnly }) => [
      kind,
      value(source),
      value(target),
      value(readOnly),
    ]),
    [
      ['bind', '/srv/site', '/etc/nginx/conf.d', true],
      ['volume', 'data', '/data', false],
      ['bind', '/srv/x', '/x', true],
    ],
  )
  assert.equal(found.tmpfs.map(value), ['/run:size=1m'])
  assert.equal([found.restart, found.user, found.workingDirectory, found.hostname].map(value), [
    'unless-stopped',
    '101',
    '/app',
    'web1',
  ])
  assert.equal(texts(found.entrypoint), ['/start'])
  assert.equal(texts(found.command), ['nginx', '-g', 'daemon off;'])
  assert.is(found.command?.rest, null)
  assert.equal(
    found.extraHosts.map(each => [value(each.name), value(each.address)]),
    [['db', '10.0.0.5']],
  )
  assert.equal(
    found.links.map(each => [value(each.target), value(each.alias)]),
    [['db', 'database']],
  )
  assert.equal(
    found.labels.map(each => [each.name, value(each.value)]),
    [['traefik.enable', 'true']],
  )
  assert.is(value(found.readOnly), 'true')
  assert.ok(found.healthcheck?.shell)
  assert.ok(found.complete)
})

test('a dollar in quotes is a dollar: no variable is filled in again', () => {
  assert.is(value(service(`-e 'A=$b$$c' nginx`).environment[0]!.value), '$b$$c')
})

test('the default bridge is no network with names; others are', () => {
  const networks = (options: string) =>
    service(options).networks?.map(({ network, aliases }) => [value(network), ...aliases.map(value)])
  assert.equal(networks('-d nginx'), [])
  assert.equal(networks('-d --network bridge nginx'), [])
  assert.equal(networks('-d --net shop --network-alias www nginx'), [['shop', 'www']])
  assert.equal(networks('-d --network name=shop,alias=www --network back nginx'), [['shop', 'www'], ['back']])
  assert.equal(networks('-d --network shop:alias=www nginx'), [['shop', 'www']])
  assert.is(value(service('--network host nginx').networkMode), 'host')
  assert.is(service('--network host nginx').networks, null)
  assert.is(value(service('--network container:web nginx').networkMode), 'container:web')
})

test('without a name it has none that another container could have', () => {
  assert.is(service('-d nginx').name, 'nginx:latest')
  assert.is(service('-d nginx:1.27').name, 'nginx:1.27')
})

test('what a variable holds is not known', () => {
  const open = service('-d $OPTIONS --name web nginx')
  assert.is(open.name, 'web')
  assert.not(open.complete)
  assert.is(value(service('-d $IMAGE').image), '?')
  const named = service('-d --name "$NAME" nginx')
  assert.not(named.complete)
  assert.is(value(named.containerName), '?')
  assert.is(value(service('-d -p $PORT:80 nginx').ports[0]!.published), '?')
})

test('paths of a directory that nobody knows are unknown', () => {
  const mounts = (options: string) => service(options, null).volumes.map(({ source }) => value(source))
  assert.equal(mounts('-v ./a:/a -v /b:/b -v "$PWD/c":/c -v ~/d:/d nginx'), ['?', '/b', '?', '?'])
})

test('a service stands at its name, else at its image', () => {
  assert.is(placeText(service('-d --name web nginx').at), 'web')
  assert.is(placeText(service('-d nginx').at), 'nginx')
})

test('an image is built from a directory, its file being a path from where the command runs', () => {
  const build = (command: string, directory: string | null = '/srv') => {
    const all = words(command)
    const read = readBuildCommand(all[0]!, all.slice(2), directory)!
    const found = serviceOf(
      { name: null, image: null, keys: [], at: { source: all[0]!.source, start: 0, end: 0 }, complete: true },
      read.build,
      null,
    ).build!
    return [
      read.tags,
      value(found.context),
      value(found.dockerfile),
      value(found.target),
      found.args.map(({ name }) => name),
    ]
  }
  assert.equal(build('docker build -t shop .'), [['shop'], '/srv', null, null, []])
  assert.equal(
    build(
      'docker build -t shop:1 -t other -f web/Dockerfile.prod --target run --build-arg A=b --no-cache web',
    ),
    [['shop:1', 'other'], '/srv/web', 'Dockerfile.prod', 'run', ['A']],
  )
  assert.equal(build('docker build -t shop -f docker/Dockerfile ..', '/srv/a'), [
    ['shop'],
    '/srv',
    'a/docker/Dockerfile',
    null,
    [],
  ])
  assert.equal(build('docker build -t shop .', null), [['shop'], '?', null, null, []])
  assert.equal(build('docker build -t "$TAG" https://example.org/shop.git'), [[], '?', null, null, []])
})

test.run()
