//! Nothing: tools/modules.sh asks cargo where the dependency lies.
