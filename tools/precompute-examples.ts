import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import type { Plugin } from 'esbuild'
import ts from 'typescript'
import type { Example } from '../src/engine/rule.ts'
import { loadRules } from './load-rules.ts'

/**
 * Rules as the bundle holds them: of the examples, which the tests run, the first of each kind as a literal,
 * as `explain` prints it, and nothing of what builds them. A start then evaluates none of their texts.
 */
export function precomputeExamples(): Plugin {
  return {
    name: 'precompute-examples',
    async setup(build) {
      const rules = new Map((await loadRules()).map(({ path, rule }) => [path, rule]))
      // Texts that are made while such a module is loaded are wanted by examples alone.
      build.onResolve({ filter: /[\\/]_(?:[\w-]+-)?examples\.ts$/ }, ({ path, resolveDir }) => ({
        path: resolve(resolveDir, path),
        sideEffects: false,
      }))
      build.onLoad({ filter: /[\\/]rules[\\/][^\\/]+[\\/].*\.ts$/ }, async ({ path }) => {
        const rule = rules.get(relative(process.cwd(), path))
        if (rule === undefined) return null
        const text = await readFile(path, 'utf8')
        return { contents: withFirstExamples(text, rule), loader: 'ts' }
      })
    },
  }
}

/** A rule's module with the first examples in place of the lists, and what only they used to be left out. */
export function withFirstExamples(
  text: string,
  { bad, good }: { readonly bad: readonly Example[]; readonly good: readonly Example[] },
): string {
  const lists: Record<string, readonly Example[]> = { bad: bad.slice(0, 1), good: good.slice(0, 1) }
  const parsed = ts.createSourceFile('rule.ts', text, ts.ScriptTarget.Latest, false)
  const edits: Edit[] = []
  const replaceLists = (node: ts.Node): void => {
    const list = ts.isPropertyAssignment(node) ? lists[node.name.getText(parsed)] : undefined
    if (list !== undefined && ts.isPropertyAssignment(node))
      edits.push({ node: node.initializer, write: () => JSON.stringify(list) })
    else ts.forEachChild(node, replaceLists)
  }
  for (const statement of parsed.statements) {
    if (ts.isExportAssignment(statement)) replaceLists(statement)
    else if (ts.isVariableStatement(statement)) {
      for (const { initializer } of statement.declarationList.declarations)
        if (initializer !== undefined && !ts.isArrowFunction(initializer))
          edits.push({ node: initializer, write: pure })
    }
  }
  return edits.reduceRight(
    (edited, { node, write }) =>
      `${edited.slice(0, node.getStart(parsed))}${write(node.getText(parsed))}${edited.slice(node.end)}`,
    text,
  )
}

interface Edit {
  readonly node: ts.Node
  write(text: string): string
}

/** esbuild drops a constant that nothing uses where it knows that making it does nothing else. */
function pure(expression: string): string {
  return `/* @__PURE__ */ (() => (${expression}))()`
}
