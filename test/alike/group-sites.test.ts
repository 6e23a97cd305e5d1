import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { textSource } from '../../parsers/text/source.ts'
import { groupSites, MANY } from '../../src/alike/group-sites.ts'
import type { SiteFile } from '../../src/alike/site-files.ts'
import { siteNames } from './sites.ts'

const NAMES = siteNames(MANY)
const file = (path: string, text: string): SiteFile => ({ path, source: textSource(path, text) })
const filesOf = (text: (name: string, index: number) => string): readonly SiteFile[] =>
  NAMES.map((name, index) => file(`/sites/${name}.conf`, text(name, index)))
const plain = (name: string): string => `server_name ${name}.example.org;\nroot /srv/${name};\n`
const sizes = (files: readonly SiteFile[]): readonly number[] => groupSites(files).map(sites => sites.length)

test('sites that differ in their names alone are one group, in their order', () => {
  const [sites = []] = groupSites(filesOf(plain))
  assert.equal(
    sites.map(({ names }) => names),
    NAMES.map(name => [name]),
  )
})

test('files that share names are one site', () => {
  const files = [
    ...filesOf(plain),
    ...NAMES.map(name => file(`/vhosts/${name}.conf`, `ServerName ${name}.example.org\n`)),
  ]
  const [sites = []] = groupSites(files)
  assert.is(sites.length, MANY)
  assert.equal(
    sites[0]?.files.map(({ path }) => path),
    [`/sites/${NAMES[0]}.conf`, `/vhosts/${NAMES[0]}.conf`],
  )
})

test('a site may have several names', () => {
  const [sites = []] = groupSites(filesOf((name, index) => `${plain(name)}user web${1000 + index}x;\n`))
  assert.equal(sites[7]?.names, [NAMES[7], 'web1007x'])
})

test('where each has another number, none is like another', () => {
  assert.equal(sizes(filesOf((name, index) => `${plain(name)}expires ${index}d;\n`)), [])
})

test('one line more makes another site', () => {
  assert.equal(sizes([...filesOf(plain), file('/sites/qqqqqqqqq.conf', `${plain('qqqqqqqqq')}gzip on;\n`)]), [
    MANY,
  ])
})

test('fewer are left alone', () => {
  assert.equal(sizes(filesOf(plain).slice(1)), [])
})

test('what two sites name belongs to both, which are then like no other', () => {
  const [first = '', second = ''] = NAMES
  const files = filesOf(name => plain(name) + (name === first ? `# moved to ${second}\n` : ''))
  assert.equal(sizes(files), [])
  const more = [...files, ...['qqqqqqqqq', 'vvvvvvvvv'].map(name => file(`/sites/${name}.conf`, plain(name)))]
  assert.equal(sizes(more), [MANY])
})

test('a name in capital letters is the same name', () => {
  const files = filesOf(name => plain(name))
  const [first = ''] = NAMES
  assert.equal(sizes([...files, file('/sites/other.conf', plain(first.toUpperCase()))]), [])
})

test('templates and files with comments for the audit are looked at themselves', () => {
  const files = filesOf(plain)
  assert.equal(sizes(files.map(({ path, source }) => ({ path, source: { ...source, template: true } }))), [])
  assert.equal(sizes(filesOf(name => `${plain(name)}# deploy-audit-ignore nginx/syntax -- so\n`)), [])
})

test('a link is compared with what it leads to', () => {
  const links = NAMES.map((name, index) => ({
    path: `/sites-enabled/${name}.conf`,
    source: textSource(`/${index === 3 ? 'elsewhere' : 'sites-available'}/${name}.conf`, plain(name)),
  }))
  assert.equal(sizes(links), [])
})

test.run()
