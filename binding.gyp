{
  # Kernel sources (*_isa.cc) are compiled once per instruction set, each copy in its own namespace and library. Adding a
  # source needs no line here: scripts/native-sources.mjs lists the tree.
  "variables": { "openssl_fips": "" },
  "target_defaults": {
    "include_dirs": ["native"],
    "cflags!": ["-O2"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17"],
    "cflags_cc": ["-std=gnu++20", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-fvisibility=hidden", "-Wall", "-Wextra", "-Wno-psabi", "-Wno-maybe-uninitialized"],
    "xcode_settings": {
      "CLANG_CXX_LANGUAGE_STANDARD": "gnu++20",
      "GCC_OPTIMIZATION_LEVEL": "3",
      "GCC_ENABLE_CPP_EXCEPTIONS": "YES",
      "GCC_ENABLE_CPP_RTTI": "YES",
      "OTHER_CPLUSPLUSFLAGS": ["-fno-math-errno", "-fno-trapping-math"]
    }
  },
  "targets": [
    {
      "target_name": "native_core",
      "type": "static_library",
      "sources": ["<!@(node scripts/native-sources.mjs core)"]
    },
    {
      "target_name": "native_plain",
      "type": "static_library",
      "defines": ["INFERLAB_ISA_NS=plain"],
      "sources": ["<!@(node scripts/native-sources.mjs isa)"]
    },
    {
      "target_name": "inferlab",
      "dependencies": ["native_core", "native_plain"],
      "sources": ["<!@(node scripts/native-sources.mjs addon)"],
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      # A worker that is being terminated takes no more exceptions: that must not end the process.
      "defines": ["NAPI_VERSION=8", "NAPI_DISABLE_CPP_EXCEPTIONS", "NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS"],
      "conditions": [
        # Pool threads sleep in this code: it must stay mapped after the environment that loaded it is gone.
        ["OS=='linux'", { "ldflags": ["-Wl,-z,nodelete"] }],
        ["target_arch=='x64'", { "dependencies": ["native_avx2", "native_avx512"] }],
        ["target_arch=='arm64'", { "dependencies": ["native_neon"] }]
      ]
    }
  ],
  "conditions": [
    [
      "target_arch=='x64'",
      {
        "targets": [
          {
            "target_name": "native_avx2",
            "type": "static_library",
            "defines": ["INFERLAB_ISA_NS=avx2"],
            "cflags_cc": ["-mavx2", "-mfma", "-mf16c"],
            "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["-mavx2", "-mfma", "-mf16c"] },
            "sources": ["<!@(node scripts/native-sources.mjs isa)"]
          },
          {
            "target_name": "native_avx512",
            "type": "static_library",
            "defines": ["INFERLAB_ISA_NS=avx512"],
            "cflags_cc": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mf16c", "-mprefer-vector-width=512"],
            "xcode_settings": { "OTHER_CPLUSPLUSFLAGS": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma", "-mf16c"] },
            "sources": ["<!@(node scripts/native-sources.mjs isa)"]
          }
        ]
      }
    ],
    [
      "target_arch=='arm64'",
      {
        "targets": [
          {
            "target_name": "native_neon",
            "type": "static_library",
            "defines": ["INFERLAB_ISA_NS=neon"],
            "sources": ["<!@(node scripts/native-sources.mjs isa)"]
          }
        ]
      }
    ]
  ]
}
