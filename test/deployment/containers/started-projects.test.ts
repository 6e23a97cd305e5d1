import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { ComposeProject, ComposeService } from '../../../parsers/compose/compose.ts'
import type { Fact } from '../../../parsers/text/fact.ts'
import { readProjects } from '../../../src/deployment/containers/read-projects.ts'
import { conf } from '../../../src/engine/conf.ts'
import { machineOf } from '../../rules/audit-files.ts'

function projects(texts: Readonly<Record<string, string>>): readonly ComposeProject[] {
  const { repository } = machineOf(texts)
  return repository === undefined ? [] : readProjects(repository)
}

const names = (texts: Readonly<Record<string, string>>): readonly (readonly string[])[] =>
  projects(texts).map(({ services }) => [...services.keys()])

/** The value, `?` where it is unknown. */
function value<T>(fact: Fact<T> | null | undefined): T | '?' | null {
  return fact == null ? null : fact.known ? fact.value : '?'
}

function service(texts: Readonly<Record<string, string>>, name: string): ComposeService {
  return projects(texts).flatMap(({ services }) => services.get(name) ?? [])[0]!
}

const sourcesOf = ({ volumes }: ComposeService) => volumes.map(({ source }) => value(source))

test('what runs in the background is a deployment, what ends is none', () => {
  assert.equal(
    names({ 'deploy.sh': 'docker run -d --name web nginx\nsudo podman run -d --name db postgres\n' }),
    [['web', 'db']],
  )
  assert.equal(names({ 'deploy.sh': 'docker run --rm shop manage.py migrate\n' }), [])
  assert.equal(names({ 'deploy.sh': 'docker create --name web nginx\ndocker start web\n' }), [['web']])
  assert.equal(names({ 'bin/deploy': '#!/bin/sh\ndocker container run --detach --name web nginx\n' }), [
    ['web'],
  ])
})

test('tests, documents and workflows deploy nothing', () => {
  for (const path of [
    'tests/run.sh',
    'docs/run.sh',
    '.github/workflows/a.yml',
    'smoke-test.sh',
    'README.md',
    'ci/run.sh',
  ])
    assert.equal(names({ [path]: 'docker run -d --name web nginx\n' }), [], path)
})

test('a unit keeps what it starts', () => {
  const unit = conf`
    [Service]
    ExecStartPre=-/usr/bin/docker rm -f web
    ExecStart=/usr/bin/docker run --rm --name web -p 80:80 nginx:1.27
    Restart=always
  `
  const texts = { 'systemd/web.service': unit }
  assert.equal(names(texts), [['web']])
  assert.is(value(service(texts, 'web').restart), 'always')
  assert.equal(names({ 'etc/systemd/system/web.service': unit }), [['web']])
})

test('targets of make, and what make fills in', () => {
  const texts = {
    Makefile: 'IMAGE = shop:1\nrun:\n\tdocker run -d --name web -v $(CURDIR)/a:/a $(IMAGE)\n',
    'a/b': '',
  }
  assert.is(value(service(texts, 'web').image), 'shop:1')
  assert.equal(sourcesOf(service(texts, 'web')), ['/a'])
})

test('the directory of a script is where its files are, in it or above', () => {
  const script = 'docker run -d --name web -v "$PWD/site":/a -v $(pwd)/none:/b -v ./site:/c nginx\n'
  assert.equal(sourcesOf(service({ 'deploy/run.sh': script, 'site/a.conf': '' }, 'web')), [
    '/site',
    '?',
    '/site',
  ])
  assert.equal(sourcesOf(service({ 'deploy/run.sh': script, 'deploy/site/a.conf': '' }, 'web')), [
    '/deploy/site',
    '?',
    '/deploy/site',
  ])
  assert.equal(sourcesOf(service({ 'deploy/run.sh': script }, 'web')), ['?', '?', '?'])
})

test('a script that says where it is', () => {
  const of = (first: string): readonly (string | null)[] =>
    sourcesOf(
      service(
        { 'deploy/run.sh': `${first}\ndocker run -d --name web -v "$PWD/a":/a -v "$DIR/b":/b nginx\n` },
        'web',
      ),
    )
  assert.equal(of('cd "$(dirname "$0")/.."\nDIR=$(pwd)'), ['/a', '/b'])
  assert.equal(of('DIR="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"\ncd "$DIR"'), [
    '/deploy/a',
    '/deploy/b',
  ])
  assert.equal(of('cd "$1"\nDIR=/srv'), ['?', '/srv/b'])
})

test('what an image is built from', () => {
  const run = 'docker build -t shop -f docker/Dockerfile .\ndocker run -d --name web shop\n'
  const { build } = service({ 'deploy.sh': run, 'docker/Dockerfile': 'FROM python\n' }, 'web')
  assert.equal([value(build!.context), value(build!.dockerfile)], ['/', 'docker/Dockerfile'])
  const apart = {
    'build.sh': 'docker build -t shop:latest .\n',
    'run.sh': 'docker run -d --name web shop\n',
    Dockerfile: 'FROM a\n',
  }
  assert.is(value(service(apart, 'web').build!.context), '/')
  assert.is(service({ 'run.sh': 'docker run -d --name web shop\n' }, 'web').build, null)
})

test('two containers of one name are alternatives', () => {
  assert.equal(
    names({
      'run.sh':
        'if a; then\n docker run -d --name web a\nelse\n docker run -d --name web b\nfi\ndocker run -d --name db c\n',
    }),
    [
      ['web', 'db'],
      ['web', 'db'],
    ],
  )
  assert.equal(
    names({ 'dev.sh': 'docker run -d --name web a\n', 'prod.sh': 'docker run -d --name web b\n' }),
    [['web'], ['web']],
  )
  assert.equal(
    names({ 'a/run.sh': 'docker run -d --name web a\n', 'b/run.sh': 'docker run -d --name db b\n' }),
    [['web'], ['db']],
  )
})

test('a network that the script makes has no other containers, and one joins it later', () => {
  const texts = {
    'run.sh':
      'docker network create shop\ndocker run -d --name web --network shop a\ndocker run -d --name db b\ndocker network connect --alias store shop db\n',
  }
  const [project] = projects(texts)
  assert.is(project?.networks.get('shop')?.external, false)
  assert.equal(
    service(texts, 'db').networks!.map(each => [value(each.network), ...each.aliases.map(value)]),
    [['shop', 'store']],
  )
  assert.is(
    projects({ 'run.sh': 'docker run -d --name web --network shop a\n' })[0]?.networks.get('shop')?.external,
    true,
  )
})

test('who starts a project', () => {
  const starters = projects({
    'compose.yaml': 'services:\n  web:\n    image: nginx\n',
    'run.sh': 'docker run -d --name a nginx\n',
    'site.yml': '- hosts: all\n  tasks:\n    - docker_container: {name: b, image: nginx}\n',
    'c.container': '[Container]\nImage=nginx\n',
  }).map(({ startedBy }) => startedBy)
  assert.equal(starters.sort(), ['ansible', 'compose', 'docker run', 'quadlet'])
})

test('of a container without a known name the project is not whole', () => {
  assert.is(projects({ 'run.sh': 'docker run -d --name "$NAME" nginx\n' })[0]?.complete, false)
  assert.is(projects({ 'run.sh': 'docker run -d nginx\n' })[0]?.complete, true)
})

test.run()
