import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { diskFileSystem } from '../../../src/files/disk-file-system.ts'
import type { FileSystem } from '../../../src/files/file-system.ts'
import { memoryFileSystem } from '../../../src/files/memory-file-system.ts'
import type { NginxConfiguration, NginxDirective } from '../../../src/servers/nginx/configuration.ts'
import { splitNginxDump } from '../../../src/servers/nginx/dump.ts'
import { evaluateNginx } from '../../../src/servers/nginx/evaluate.ts'
import { resolveNginx } from '../../../src/servers/nginx/resolve.ts'
import { askNginx, withCase } from './ask-nginx.ts'
import { CASE_FILES, evaluateCase, readCases } from './cases.ts'

const version = { value: '1.22.1', from: 'option', at: null } as const

function evaluate(files: FileSystem, path: string, isDump = false): NginxConfiguration {
  const main = files.read(path)
  if (main.kind !== 'source') throw new Error(`${path}: ${main.reason}`)
  return evaluateNginx({ files, main: main.source, fragments: [], version, isDump })
}

/** What nginx acts on, without the includes that brought it and without places. */
function meaning(directives: readonly NginxDirective[]): unknown {
  return directives
    .filter(({ name }) => name !== 'include')
    .map(({ name, args, node, children }) => [
      name,
      args.map(arg => arg.value),
      node.block === null ? null : meaning(children),
    ])
}

const accepted = CASE_FILES.flatMap(readCases).filter(({ accepts }) => accepts)

test('nginx accepts a configuration in one piece where it accepts its files, and reads the same', () => {
  for (const recorded of accepted) {
    const original = evaluateCase(recorded)
    const conf = Buffer.from(resolveNginx(original), original.main?.encoding ?? 'utf8').toString('latin1')
    const verdict = askNginx({ name: recorded.name, conf, files: {} })
    assert.ok(verdict.accepts, `${recorded.name}: ${verdict.messages.join('\n')}\n${conf.slice(0, 500)}`)
    const again = evaluateCase({ name: recorded.name, conf, files: {} })
    assert.equal(meaning(again.top), meaning(original.top), recorded.name)
  }
})

test('the dump that nginx writes gives the same as its files', () => {
  for (const recorded of accepted) {
    withCase(recorded, (main, run) => {
      const fromFiles = evaluate(diskFileSystem('/'), main)
      const result = run('-T')
      const dumped = splitNginxDump(result.stdout + result.stderr)
      assert.ok(dumped, recorded.name)
      const contents = Object.fromEntries((dumped ?? []).map(({ path, text }) => [path, text]))
      const fromDump = evaluate(memoryFileSystem(contents, { covers: [] }), dumped?.[0]?.path ?? '', true)
      // The terminal is read as UTF-8 here, which is not what every case is.
      if (fromFiles.sources.some(({ encoding }) => encoding === 'latin1')) return
      assert.equal(meaning(fromDump.top), meaning(fromFiles.top), recorded.name)
      assert.equal(
        fromDump.problems.map(({ code, at }) => [code, at.start]),
        fromFiles.problems.map(({ code, at }) => [code, at.start]),
        recorded.name,
      )
    })
  }
})

test("the machine's own configuration survives both", () => {
  const disk = diskFileSystem('/')
  const installed = disk.kind('/etc/nginx/nginx.conf')
  assert.is(installed, 'file', 'nginx is installed')
  const original = evaluate(disk, '/etc/nginx/nginx.conf')
  assert.equal(original.problems, [])
  const verdict = askNginx({ name: 'etc', conf: resolveNginx(original), files: {} })
  assert.ok(verdict.accepts, verdict.messages.join('\n'))
  const dumped = splitNginxDump(spawnSync('nginx', ['-T'], { encoding: 'utf8' }).stdout)
  const contents = Object.fromEntries((dumped ?? []).map(({ path, text }) => [path, text]))
  const fromDump = evaluate(memoryFileSystem(contents, { covers: [] }), '/etc/nginx/nginx.conf', true)
  assert.equal(meaning(fromDump.top), meaning(original.top))
})

test.run()
