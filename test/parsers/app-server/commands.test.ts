import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  commandOfContainer,
  commandOfEntry,
  commandOfProgram,
  commandsOfService,
  type OwnedCommand,
} from '../../../parsers/app-server/commands.ts'
import { readAppServers } from '../../../parsers/app-server/read-app-servers.ts'
import { readCompose } from '../../../parsers/compose/read-project.ts'
import { imageOfStage } from '../../../parsers/dockerfile/image-of-stage.ts'
import { readDockerfile } from '../../../parsers/dockerfile/read-dockerfile.ts'
import { readProcfile } from '../../../parsers/procfile/read-procfile.ts'
import { loadShellParser } from '../../../parsers/shell/load-shell-parser.ts'
import { readSupervisor } from '../../../parsers/supervisor/read-supervisor.ts'
import { readUnit } from '../../../parsers/systemd/read-unit.ts'
import { readServiceUnit } from '../../../parsers/systemd/service-unit.ts'
import { known } from '../../../parsers/text/fact.ts'
import { placeText, type Source, textSource } from '../../../parsers/text/source.ts'
import { grammarFiles } from '../../../src/files/grammars.ts'
import { appFiles, binds, value } from './commands.ts'

const grammars = grammarFiles()
const shell = await loadShellParser({ runtime: grammars.runtime, grammar: grammars.bash })

function servers(owned: OwnedCommand | null, files: Readonly<Record<string, string>> = {}) {
  if (owned === null) return null
  return readAppServers(owned.command, { ...appFiles({ files }), shell }).map(({ server }) => server)
}

function texts(owned: OwnedCommand | null): readonly string[] | null {
  return owned?.command.words.map(({ text }) => text) ?? null
}

function unit(text: string, read: (path: string) => Source | 'missing' | null = () => 'missing') {
  const source = textSource('/etc/systemd/system/a.service', text)
  const files = { read: (path: string) => (path === source.path ? source : null), list: () => null }
  return commandsOfService(readServiceUnit(readUnit(files, 'a.service')), read)
}

test('a unit: words, directory, account, environment', () => {
  const file = textSource('/etc/default/shop', 'PORT=81\n')
  const [owned] = unit(
    '[Service]\nUser=www\nWorkingDirectory=/srv\nEnvironment=W=3\nEnvironmentFile=/etc/default/shop\nExecStart=/usr/bin/gunicorn -w ${W} -b 127.0.0.1:${PORT} --chdir $NOBODY a:b\n',
    () => file,
  )
  assert.equal(texts(owned!), ['/usr/bin/gunicorn', '-w', '3', '-b', '127.0.0.1:81', '--chdir', 'a:b'])
  assert.equal([value(owned!.user), value(owned!.command.directory)], ['www', '/srv'])
  assert.equal(
    ['W', 'PORT', 'NOBODY', 'PATH', 'USER'].map(name => value(owned!.command.environment(name))),
    ['3', '81', null, '?', 'www'],
  )
  const [lost] = unit(
    '[Service]\nEnvironmentFile=/gone\nExecStart=/usr/bin/gunicorn -b :${PORT} a\n',
    () => null,
  )
  assert.equal(binds(servers(lost!)![0]!), ['http ?'])
  assert.is(value(lost!.command.environment('PORT')), '?')
  assert.is(value(unit('[Service]\nExecStart=/bin/a\n')[0]!.command.directory), '/')
})

test('a unit that starts a shell', () => {
  const [owned] = unit(
    `[Service]\nExecStart=/bin/bash -c 'cd /srv && exec gunicorn -b :$$PORT a'\nEnvironment=PORT=82\n`,
  )
  assert.equal(binds(servers(owned!)![0]!), ['http 0.0.0.0:82'])
})

function container(
  compose: string | null,
  dockerfile: string | null,
  files: Readonly<Record<string, string>> = {},
) {
  const service =
    compose === null
      ? null
      : readCompose(
          [textSource('/app/compose.yml', `services:\n  a:\n${compose.replace(/^/gm, '    ')}\n`)],
          {
            read: () => null,
          },
        ).services.get('a')!
  const image =
    dockerfile === null
      ? null
      : imageOfStage(readDockerfile(textSource('/app/Dockerfile', `FROM x\n${dockerfile}`)), null)
  return commandOfContainer(service, image, appFiles({ files }).read)
}

test('a container: entry point and command of both files', () => {
  const image = 'ENTRYPOINT ["/e"]\nCMD ["c"]\n'
  assert.equal(texts(container(null, image)), ['/e', 'c'])
  assert.equal(texts(container('command: d', image)), ['/e', 'd'])
  assert.equal(texts(container('entrypoint: f', image)), ['f'])
  assert.equal(texts(container('entrypoint: f\ncommand: [g]', image)), ['f', 'g'])
  assert.equal(texts(container('command: []', image)), ['/e'])
  assert.equal(texts(container('image: y', 'ENTRYPOINT run $X\nCMD ["c"]')), ['/bin/sh', '-c', 'run $X'])
  assert.equal(texts(container('image: y', 'SHELL ["/bin/bash", "-ec"]\nCMD a b')), [
    '/bin/bash',
    '-ec',
    'a b',
  ])
  assert.equal(texts(container('command: gunicorn a', null)), ['gunicorn', 'a'])
  assert.is(container('image: y', null), null)
})

test('a container: directory, account, environment', () => {
  const compose = 'environment: {B: 2, P: }\nenv_file: [one.env, two.env]\nworking_dir: /w\nuser: "1"'
  const owned = container(compose, 'WORKDIR /srv\nUSER app\nENV A=1 B=1 C=1\nCMD ["x"]', {
    '/app/one.env': 'C=2\nD=1\n',
    '/app/two.env': 'D=2\nB=3\n',
  })!
  assert.equal([value(owned.command.directory), value(owned.user)], ['/w', '1'])
  assert.equal(
    ['A', 'B', 'C', 'D', 'P', 'NOBODY', 'PATH'].map(name => value(owned.command.environment(name))),
    ['1', '2', '2', '2', '?', null, '?'],
  )
  const lost = container('env_file: .env\ncommand: gunicorn a', 'WORKDIR /srv\n')!
  assert.equal([value(lost.command.environment('PORT')), value(lost.command.directory)], ['?', '/srv'])
})

test('a container that starts a shell, and where its words stand', () => {
  const owned = container(null, 'ENV PORT=8000\nCMD exec gunicorn --bind :$PORT \\\n  --workers 2 a:b\n')
  const [found] = servers(owned)!
  assert.equal([binds(found!), value(found!.workers)], [['http 0.0.0.0:8000'], 2])
  assert.is(placeText(found!.workers!.at!), '2')
  assert.is(placeText(found!.at), 'gunicorn')
  const script = container('command: web', 'WORKDIR /app\nENTRYPOINT ["/app/entry.sh"]\n')
  const [followed] = servers(script, {
    '/app/entry.sh': '#!/bin/sh\n[ "$1" = web ] && exec uvicorn a:b --port 81\n',
  })!
  assert.equal(binds(followed!), ['http 127.0.0.1:81'])
})

test('a program of supervisord', () => {
  const read = (text: string) =>
    readSupervisor([textSource('/s.conf', `[program:a]\n${text}`)], { read: () => null, list: () => null })
      .programs[0]!
  const owned = commandOfProgram(
    read('command=gunicorn -b :1 a\ndirectory=/srv\nuser=www\nenvironment=A=1'),
    name => (name === 'B' ? known('2') : null),
  )!
  assert.equal([value(owned.user), value(owned.command.directory)], ['www', '/srv'])
  assert.equal(
    ['A', 'B', 'C', 'HOME'].map(name => value(owned.command.environment(name))),
    ['1', '2', null, '?'],
  )
  assert.is(commandOfProgram(read('user=a')), null)
})

test('a line of a Procfile', () => {
  const [entry] = readProcfile(
    textSource('/srv/Procfile', 'web: gunicorn -b 0.0.0.0:${PORT:-5000} a:b --log-file -\n'),
  )
  const command = commandOfEntry(entry!, known('/srv'))
  const [found] = servers({ command, user: null })!
  assert.equal([binds(found!), value(found!.application)], [['http 0.0.0.0:5000'], 'a:b'])
  assert.is(placeText(found!.application!.at!), 'a:b')
})

test.run()
