# Debian packages, one a component: cpack --config build/release/CPackConfig.cmake -G DEB
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME iro)
set(CPACK_PACKAGE_VENDOR "IRO hub")
set(CPACK_PACKAGE_CONTACT "the maintainers of IRO hub")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_COMPONENTS_ALL iro-plugin-dev iro-hub)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_IRO-PLUGIN-DEV_DESCRIPTION "Write rules for a region's IRO hub
Headers, CMake functions, a template and the program iro-plugin to write,
check, test and pack plugins of IRO hub, the regional network hub for placements of care students.")
set(CPACK_DEBIAN_IRO-PLUGIN-DEV_PACKAGE_NAME iro-plugin-dev)
set(CPACK_DEBIAN_IRO-PLUGIN-DEV_PACKAGE_SECTION devel)
# The generated headers ask for exactly the FlatBuffers that they were generated with.
set(CPACK_DEBIAN_IRO-PLUGIN-DEV_PACKAGE_DEPENDS "libflatbuffers-dev, flatbuffers-compiler, cmake (>= 3.25), g++ (>= 4:12)")
set(CPACK_COMPONENT_IRO-HUB_DESCRIPTION "The IRO hub, its command line, and the host of its plugins
The regional network hub for placements of care students: irod, iro and
iro-plugin-host.")
set(CPACK_DEBIAN_IRO-HUB_PACKAGE_NAME iro-hub)
set(CPACK_DEBIAN_IRO-HUB_PACKAGE_SECTION net)
include(CPack)
