/** The arrows of ARCHITECTURE.md: what each folder may import. Node's own modules are ruled by `effects`. */
const folder = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^(parsers|src|rules|test|tools|bench)/', pathNot: ['^parsers/collections/', ...allowed] },
})

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    folder('collections-stand-alone', '^parsers/collections/', []),
    folder('text-stands-alone', '^parsers/text/', ['^parsers/text/']),
    folder('wildcard-stands-alone', '^parsers/wildcard/', ['^parsers/wildcard/']),
    folder('tree-sitter-stands-alone', '^parsers/tree-sitter/', ['^parsers/tree-sitter/']),
    folder('parsers-know-text', '^parsers/(?!app-server/|collections/|docker-run/|shell/|python/|text/)([^/]+)/', ['^parsers/(collections|text|wildcard|yaml|dotenv)/', '^parsers/$1/']),
    // A container is what a compose file would say of it, whatever starts it.
    folder('containers-know-compose', '^parsers/docker-run/', ['^parsers/(collections|text|yaml|compose|systemd|docker-run)/']),
    // Commands stand in files of every kind.
    folder('commands-know-readers', '^parsers/app-server/', ['^parsers/(?!nginx|apache|tree-sitter)']),
    folder('grammars-know-tree-sitter', '^parsers/(shell|python)/', ['^parsers/(text|tree-sitter|wildcard)/', '^parsers/$1/']),
    folder('files-know-parsers', '^src/files/', ['^parsers/', '^src/files/', '^src/servers/(nginx|apache)/(directives|fragments)[.]ts']),
    folder('servers-know-parsers', '^src/servers/', ['^parsers/', '^src/servers/', '^src/files/']),
    folder('deployment-knows-servers', '^src/deployment/', ['^parsers/', '^src/servers/', '^src/deployment/', '^src/files/']),
    folder('secrets-know-text', '^src/secrets/', ['^parsers/(text|collections)/', '^src/alike/words[.]ts', '^src/secrets/']),
    folder('suppressions-know-parsers', '^src/suppressions/', ['^parsers/(text|nginx|apache)/', '^src/engine/suppression[.]ts', '^src/suppressions/']),
    folder('engine-knows-deployment', '^src/engine/', ['^src/secrets/', '^parsers/text/', '^src/servers/(presence|problem|version)[.]ts', '^src/deployment/', '^src/engine/', '^src/files/(machine|notice)[.]ts']),
    folder('rules-know-the-model', '^rules/', ['^rules/', '^src/files/file-system[.]ts', '^src/engine/(conf|rule|rule-traits|severity)[.]ts', '^src/deployment/', '^src/servers/', '^parsers/']),
    folder('reports-know-engine', '^src/report/', ['^src/secrets/', '^parsers/text/', '^src/engine/', '^src/report/', '^src/files/notice[.]ts', '^src/deployment/', '^src/servers/problem[.]ts']),
    {
      name: 'effects-at-the-edge',
      severity: 'error',
      from: { path: '^(parsers|src/servers|src/deployment|src/engine|src/report|rules)/' },
      to: { path: '^(node:)?(fs|fs/promises|child_process|net|http|https|dns|os|process|tty)$' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'], extensions: ['.ts', '.js', '.json'] },
  },
}
