import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { optionsIn } from '../../../parsers/ansible/module-options.ts'
import { textSource } from '../../../parsers/text/source.ts'
import { readYaml } from '../../../parsers/yaml/read-yaml.ts'

function options(code: string): readonly (readonly [string, string])[] {
  const [document] = readYaml(textSource('/tasks.yml', code)).documents
  if (document === undefined || document.kind === 'list') throw new RangeError(code)
  return [...optionsIn(document)].map(([name, { at }]) => [name, code.slice(at.start, at.end)])
}

test('a map has its texts as options, with their places', () => {
  assert.equal(options('src: shop.conf.j2\ndest: /etc/nginx/conf.d/shop.conf\nvars: [1]\n'), [
    ['src', 'shop.conf.j2'],
    ['dest', '/etc/nginx/conf.d/shop.conf'],
  ])
})

test('so has a text of `name=value`, in quotes too', () => {
  assert.equal(options('src=shop.conf.j2 dest=/etc/x mode="u=rw, g=r" force\n'), [
    ['src', 'shop.conf.j2'],
    ['dest', '/etc/x'],
    ['mode', 'u=rw, g=r'],
  ])
})

test.run()
